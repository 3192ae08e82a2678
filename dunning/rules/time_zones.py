"""Which clock a country's customers look at: one time zone for each country, where most of its people live.

Paddle knows a customer's country and no time zone. `zone.tab` of the tz database names the zones of a country from one
end of it to the other, which says nothing about where people live, so countries with several are listed here.
https://data.iana.org/time-zones/tz-link.html
"""

from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

_UNKNOWN = "UTC"

_MOST_POPULOUS = {
    "AQ": "Antarctica/McMurdo",
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "FM": "Pacific/Chuuk",
    "GL": "America/Nuuk",
    "ID": "Asia/Jakarta",
    "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty",
    "MH": "Pacific/Majuro",
    "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti",
    "PG": "Pacific/Port_Moresby",
    "PS": "Asia/Hebron",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UM": "Pacific/Wake",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
    # Paddle sells there, and zone.tab doesn't list it, since its code is not yet one of ISO 3166.
    "XK": "Europe/Belgrade",
}


def zone_of(country_code: str | None) -> ZoneInfo:
    """Return the time zone in which most people of a country live; UTC if the country isn't known.

    `country_code` is two capitals, as in Paddle's addresses.
    """
    zones = _zones().get(country_code or "", (_UNKNOWN,))
    return ZoneInfo(_MOST_POPULOUS.get(country_code or "", zones[0]))


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    """Read the zones of every country. The system's own file may be old or missing; the package's is neither."""
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    zones: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country_code, _, zone, *_ = line.split("\t")
            zones[country_code] = (*zones.get(country_code, ()), zone)
    return zones
