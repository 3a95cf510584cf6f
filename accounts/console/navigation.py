"""Where one can go, and what is said after something was done."""

from typing import NamedTuple


class Place(NamedTuple):
    """A page in the menu."""

    path: str
    name: str


GROUPS: tuple[tuple[str, tuple[Place, ...]], ...] = (
    (
        "Messages",
        (
            Place("/console", "Overview"),
            Place("/console/start", "First steps"),
            Place("/console/caches", "Caches"),
            Place("/console/playground", "Playground"),
            Place("/console/inspector", "Inspector"),
            Place("/console/webhooks", "Webhooks"),
            Place("/console/gaps", "Gaps"),
        ),
    ),
    (
        "Access",
        (Place("/console/keys", "API keys"), Place("/console/roles", "Roles"), Place("/console/tokens", "Tokens")),
    ),
    (
        "Money",
        (Place("/console/usage", "Usage"), Place("/console/billing", "Billing"), Place("/console/budgets", "Budgets")),
    ),
    (
        "Account",
        (
            Place("/console/account", "Settings"),
            Place("/console/team", "Team"),
            Place("/console/limits", "Limits"),
            Place("/console/security", "Security"),
            Place("/console/audit", "Audit log"),
        ),
    ),
)
"""The menu, in its order."""

INSTALLATION = (
    "Installation",
    (
        Place("/console/operator/accounts", "All accounts"),
        Place("/console/operator/system", "System"),
        Place("/console/operator/jobs", "Jobs"),
        Place("/console/operator/plans", "Price plans"),
        Place("/console/operator/reconciliation", "Reconciliation"),
    ),
)
"""What the menu of operators of the installation has besides."""

NOTES = {
    "cache-made": "The cache is there. Its topics exist as soon as somebody uses them.",
    "cache-changed": "The cache was changed; its topics begin anew.",
    "bounds-changed": "The bounds hold within a second.",
    "slow-readers-changed": "It holds within a second, also for streams that are open.",
    "cache-flushed": "The cache was emptied of its items. Topics are no items, and stay as they are.",
    "cache-deleted": "The cache is gone, with its topics and subscriptions.",
    "key-revoked": "The key was revoked. Whoever still holds it is refused from now on.",
    "webhook-changed": "The webhook is changed.",
    "webhook-made": "The webhook is there. Its secret is below.",
    "webhook-deleted": "The webhook is gone; nothing more is posted.",
    "letters-replayed": "They are sent once more within a few seconds.",
    "letter-discarded": "The dead letter is gone.",
    "budget-made": "The budget holds from now on.",
    "budget-deleted": "The budget is gone; what it held back goes on.",
    "profile-changed": "The billing address was changed.",
    "plan-chosen": "The plan is chosen, and holds as the page of plans says.",
    "role-made": "The role is there. Make a key of it next.",
    "role-changed": "The role was changed, and with it at once what its keys may do.",
    "role-deleted": "The role is gone.",
    "logged-out": "You are logged out.",
    "nothing-done": "Your log-in has ended, so nothing was done. Log in and do it again.",
    "confirm": "A mail is on its way to you. Its link makes the account.",
    "email-confirmed": "Your e-mail is confirmed.",
    "renamed": "The account has another name.",
    "zone-changed": "Days and months begin in this time zone from now on, also those of the past.",
    "switched": "You work in this account now.",
    "account-made": "The account is there, and you work in it.",
    "account-deleted": "The account is gone, with all its data.",
    "confirmation-sent": "A mail is on its way. Its link confirms your e-mail.",
    "suspended": "The account is suspended. Its keys and tokens are refused from now on.",
    "resumed": "The account is served again.",
    "override-changed": "The limits hold within a second.",
    "limits-plan-changed": "The account has the limits of this plan; what was set for it alone stays.",
    "plan-assigned": "The account has another price plan.",
    "deleted": "The account is gone, with all its data.",
    "look-ended": "You are yourself again.",
    "job-hastened": "The job is done within a few seconds.",
    "role-given": "The role was changed. It holds from the next request on.",
    "member-removed": "The member is gone, and their log-ins to this account have ended.",
    "handed-over": "The account was handed over. You are an operator of it now.",
    "left": "You have left the account.",
    "invited": "A mail with the invitation is on its way.",
    "taken-back": "The invitation is of no use any more.",
    "limits-changed": "The limits hold within a second. What is open stays open.",
    "joined": "You are a member of this account now.",
    "reset-sent": "If somebody has this e-mail here, a mail is on its way. Its link sets a new password.",
    "reset-written": "If somebody has this e-mail here, the mail with the link to a new password was written."
    " Ask whoever runs this installation for it.",
    "password-changed": "The password was changed, and your other log-ins have ended.",
    "session-ended": "The log-in has ended.",
    "sessions-ended": "Every other log-in of yours has ended.",
    "factor-removed": "The second factor is off. A log-in asks for the password alone.",
    "password-set": "The new password is set. Log in with it.",
}
"""What a page says after a change, by the word in its address; no text from an address is ever shown."""
