"""Who changed what, when and from where. Rows are added and never changed: the database itself refuses it."""

from accounts.audit.actor import SYSTEM as SYSTEM
from accounts.audit.actor import Actor as Actor
from accounts.audit.service import record as record
