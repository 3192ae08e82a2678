import pytest

from dunning.addresses.redis import SentinelUrl, TlsFiles, check_redis_url, parse_sentinel_url


@pytest.mark.parametrize(
    "text",
    [
        "redis://localhost",
        "redis://user:p%40ss@redis.example.com:6380/3",
        "redis://[::1]:6379",
        "rediss://redis.example.com?ssl_ca_certs=/etc/ca.pem&db=1",
        "unix:///run/redis.sock?db=0",
        "unix://user:password@/run/redis.sock",
        "redis+sentinel://one:26379,two/main",
        "unix:///X",
        "unix:///run/odd://name.sock",
    ],
)
def test_these_are_redis_urls(text: str) -> None:
    assert check_redis_url(text) == text


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("redis.example.com", "none of redis://"),
        ("redis:redis.example.com", "none of redis://"),
        ("http://redis.example.com", "none of redis://"),
        ("redis://:6379", "no host"),
        ("redis://redis.example.com:port", "port"),
        ("redis://redis.example.com/one", "no whole number"),
        ("redis://redis.example.com?db=one", "no whole number"),
        ("redis://redis.example.com?timeout=1", "none of db, ssl_ca_certs"),
        ("redis://redis.example.com?db=", "without a value"),
        ("redis://redis.example.com#1", "a fragment"),
        ("unix://run/redis.sock", "no socket"),
        ("unix:///", "no socket"),
        ("redis+sentinel://one:26379", "no service"),
        ("redis+sentinel://one:port/main", "port"),
        ("redis+sentinel://one,/main", "no host"),
        ("redis+sentinel:///main", "no host"),
        ("redis+sentinel://one/main/x", "no whole number"),
        ("redis+sentinel://one/main?tls=maybe", "tls is not on"),
        ("redis+sentinel://one/main?db=1", "none of sentinel_password, ssl_ca_certs"),
        ("redis+sentinel://one/main?ssl_ca_certs=/etc/ca.pem", "without tls=on"),
        ("redis+sentinel://one/main?tls=on&ssl_keyfile=/etc/key.pem", "without the other"),
        ("redis+sentinel://one/main?tls=on&ssl_check_hostname=maybe", "ssl_check_hostname is not true or false"),
        ("redis+sentinel://one/main?tls=on&ssl_ca_certs", "without a value"),
        ("redis+sentinel://one/main?tls=on&tls=on", "twice"),
        ("rediss://one?ssl_certfile=/etc/cert.pem", "without the other"),
        ("rediss://one?ssl_cert_reqs=CERT_NONE", "ssl_cert_reqs is not none or optional or required"),
        ("rediss://one?ssl_ca_path=/etc/certs", "none of db, ssl_ca_certs"),
    ],
)
def test_what_is_wrong_is_told(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=rf"^its? .*{wrong}"):
        check_redis_url(text)


def test_sentinels_are_read() -> None:
    text = "redis+sentinel://user:p%2Css:x@one:26380,[::1],two/main/3?tls=on&sentinel_password=p%26w=="

    assert parse_sentinel_url(text) == SentinelUrl(
        sentinels=(("one", 26380), ("::1", 26379), ("two", 26379)),
        service="main",
        db=3,
        username="user",
        password="p,ss:x",
        tls=TlsFiles(),
        sentinel_password="p&w==",
    )


def test_sentinels_may_need_no_login_and_it_is_not_shown() -> None:
    assert parse_sentinel_url("redis+sentinel://one/main") == SentinelUrl((("one", 26379),), "main")
    assert "s3cr3t" not in repr(parse_sentinel_url("redis+sentinel://s3cr3t:s3cr3t@one/main?sentinel_password=s3cr3t"))


def test_whom_to_trust_over_tls_is_read() -> None:
    text = "redis+sentinel://one/main?tls=on&ssl_ca_certs=/ca%20s&ssl_certfile=/c&ssl_keyfile=/k&ssl_check_hostname="

    assert parse_sentinel_url(f"{text}false").tls == TlsFiles("/ca s", "/c", "/k", check_hostname=False)
    assert parse_sentinel_url(f"{text}true").tls == TlsFiles("/ca s", "/c", "/k")
