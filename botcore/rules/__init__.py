"""Rules: approvals that need no person, within limits that a person has set."""
