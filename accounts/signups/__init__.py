"""Sign-ups that wait until somebody has shown to read what is sent to the e-mail."""
