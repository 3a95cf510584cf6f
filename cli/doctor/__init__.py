"""`tidings doctor`: looks at a deployment from outside, and says what to do about what it finds."""

from cli.doctor.command import doctor as doctor
