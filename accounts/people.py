"""All that has to do with people who log in, put together."""

from collections.abc import Sequence

from fastapi import APIRouter

from accounts.database import Database
from accounts.encryption import MasterKeys
from accounts.invitations import endpoints as invitation_routes
from accounts.invitations.service import Invitations
from accounts.jobs.service import Job
from accounts.mail.service import Mails
from accounts.memberships import endpoints as member_routes
from accounts.memberships.service import Members
from accounts.password_resets import endpoints as password_reset_routes
from accounts.password_resets.service import PasswordResets
from accounts.rest.cookies import Cookie
from accounts.rest.entrance import Entrance
from accounts.rest.forms import FormTokens
from accounts.second_factors import endpoints as second_factor_routes
from accounts.second_factors.service import SecondFactors
from accounts.sessions import endpoints as session_routes
from accounts.sessions.log_ins import LogIns
from accounts.sessions.service import Sessions
from accounts.signing.keystore import Keystore
from accounts.signups import endpoints as sign_up_routes
from accounts.signups.service import SignUps
from accounts.snapshots import Snapshots
from accounts.tenants import endpoints as account_routes
from accounts.tenants.service import Tenants
from accounts.token_bindings.service import TokenBindings
from accounts.users import endpoints as user_routes
from accounts.users.passwords import Passwords
from accounts.users.service import Users


class People:
    """People, how they come in, and their log-ins."""

    def __init__(
        self,
        database: Database,
        snapshots: Snapshots,
        master_keys: MasterKeys,
        mails: Mails,
        passwords: Passwords,
        cookie: Cookie,
    ) -> None:
        self.bindings = TokenBindings(database, snapshots)
        self.sessions = Sessions(database, self.bindings, must_confirm=mails.has_server)
        self.users = Users(database, snapshots, self.sessions, passwords, mails)
        self.second_factors = SecondFactors(database, self.users, master_keys, mails)
        self.invitations = Invitations(database, self.sessions, passwords, mails)
        self.members = Members(database, self.users, self.bindings)
        self.tenants = Tenants(database, snapshots)
        self.sends_mails = mails.has_server
        self.entrance = Entrance(
            self.users,
            SignUps(database, snapshots, self.users, passwords, mails),
            LogIns(database, passwords, self.sessions, self.second_factors, master_keys),
            PasswordResets(database, self.users, self.sessions, passwords, mails),
            self.invitations,
            self.sessions,
            cookie,
        )
        self.form_tokens = FormTokens(cookie)

    def jobs(self) -> Sequence[Job]:
        """Return what is to be done again and again."""
        return self.bindings.jobs()

    def routers(self, keystore: Keystore) -> Sequence[APIRouter]:
        """Return the endpoints."""
        return [
            sign_up_routes.routes(self.entrance),
            session_routes.routes(self.entrance, self.sessions, keystore),
            password_reset_routes.routes(self.entrance),
            user_routes.routes(self.users, self.second_factors, self.entrance),
            second_factor_routes.routes(self.second_factors),
            account_routes.routes(self.tenants, self.members, self.sessions),
            member_routes.routes(self.members),
            invitation_routes.routes(self.invitations, self.entrance, sends_mails=self.sends_mails),
        ]
