"""Where the account service keeps things."""

from accounts.database.engine import UNUSABLE as UNUSABLE
from accounts.database.engine import Database as Database
from accounts.database.engine import Pool as Pool
from accounts.database.engine import Transaction as Transaction
from accounts.database.engine import sqlite_url as sqlite_url
from accounts.database.remembered import Asked as Asked
from accounts.database.remembered import Question as Question
from accounts.database.remembered import Remembered as Remembered
from accounts.database.remembered import RememberedRows as RememberedRows
from accounts.database.sqlite import Rows as Rows
