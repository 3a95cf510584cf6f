"""`tidings doctor`: looks at a deployment from outside, and says what to do about what it finds."""

from cli.commands.doctor.command import doctor as doctor
