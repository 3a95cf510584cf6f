"""Requests that tell other people's servers of something: signed, and never into this installation's own network."""

from api.webhooks.late import LateSender as LateSender
from api.webhooks.outcome import Outcome as Outcome
from api.webhooks.outcome import Sending as Sending
from api.webhooks.signature import headers as headers
from api.webhooks.signature import new_secret as new_secret
from api.webhooks.targets import checked_url as checked_url
