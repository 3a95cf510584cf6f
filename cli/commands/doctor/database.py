"""Is the database there, and does its schema fit this version?"""

import asyncio

from accounts.database.migrate import current, without_password
from api.errors import Unavailable
from cli.commands.doctor.finding import Finding
from cli.commands.doctor.variables import DoctorVariables


async def look(variables: DoctorVariables) -> list[Finding]:
    """Return what is found; nothing where no database was told."""
    if variables.database_url is None:
        return []
    shown = without_password(variables.database_url)
    try:
        found, newest = await asyncio.to_thread(current, variables.database_url)
    except Unavailable as error:
        advice = "See that it runs and that TIDINGS_DATABASE_URL is right."
        return [Finding("database", "error", f"{shown} cannot be reached: {error.message}", advice)]
    if found == newest:
        return [Finding("database", "ok", f"{shown}, schema {found}")]
    advice = "Start the account service of this version: it migrates. A newer schema needs a newer version."
    return [Finding("database", "error", f"{shown} has schema {found or 'none'}, not {newest}", advice)]
