"""What is like something seen before: texts, pictures, and habits. Each find is a flag, never a verdict."""
