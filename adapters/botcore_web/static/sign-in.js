// Presses the button for who has scripts; a link preview, which only reads, does not get here.
document.getElementById("sign-in").requestSubmit();
