"""What the edge imports for `tidings up`: `cli.entry:app`."""

from cli.application import Application
from cli.embedded import Embedded
from cli.settings import EmbeddedSettings

app = Application(lambda: Embedded.compose(EmbeddedSettings.from_environment()))
