"""What payment methods and cards are called: names, which are the same in every language."""

from collections.abc import Mapping
from types import MappingProxyType

# `payments[].method_details.type` and `.card.type` at https://developer.paddle.com/api-reference/transactions/overview.
# Both are open sets. What isn't here has no name that a customer would know.
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "alipay": "Alipay",
        "apple_pay": "Apple Pay",
        "bancontact": "Bancontact",
        "blik": "BLIK",
        "google_pay": "Google Pay",
        "ideal": "iDEAL",
        "kakao_pay": "KakaoPay",
        "mb_way": "MB WAY",
        "naver_pay": "Naver Pay",
        "payco": "PAYCO",
        "paypal": "PayPal",
        "pix": "Pix",
        "samsung_pay": "Samsung Pay",
        "upi": "UPI",
        "wechat_pay": "WeChat Pay",
    }
)

CARDS: Mapping[str, str] = MappingProxyType(
    {
        "american_express": "American Express",
        "diners_club": "Diners Club",
        "discover": "Discover",
        "jcb": "JCB",
        "mada": "mada",
        "maestro": "Maestro",
        "mastercard": "Mastercard",
        "union_pay": "UnionPay",
        "visa": "Visa",
    }
)
