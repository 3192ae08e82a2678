"""The permissions that the API key needs for each call, and for what of ours.

https://developer.paddle.com/api-reference/about/permissions
"""

TRANSACTIONS_NEED = ("transaction.read", "customer.read", "address.read")
RENEWALS_NEED = ("transaction.read",)
CUSTOMERS_NEED = ("customer.read",)
SUBSCRIPTIONS_NEED = ("subscription.read",)
EVENTS_NEED = ("notification.read",)
MINTING_NEEDS = ("customer_portal_session.write",)
# https://developer.paddle.com/api-reference/subscription-history/list-subscription-history
HISTORY_NEEDS = ("subscription_history.read",)

RUNNING_NEEDS = (*TRANSACTIONS_NEED, *SUBSCRIPTIONS_NEED, *EVENTS_NEED, *MINTING_NEEDS)
LOOKING_NEEDS = ("notification_setting.read",)
CONNECTING_NEEDS = (*LOOKING_NEEDS, "notification_setting.write")
# Without these, reports say less. Nothing else changes.
OPTIONAL = HISTORY_NEEDS
