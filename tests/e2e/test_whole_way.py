import pytest

from dunning.rules.case import CaseState
from dunning.settings.load import LinkMint
from tests.e2e.service import Service


async def test_a_declined_renewal_is_mailed_clicked_and_paid(service: Service) -> None:
    case_id = await service.decline()
    (mail,) = await service.mails()
    link = service.link_in(mail)

    status, page = await service.get(link.removeprefix(service.stack.public_url))
    async with service.http.post(link, allow_redirects=False) as click:
        portal = click.headers["Location"]
    async with service.http.get(portal) as landed:
        update_page = await landed.text()
    async with service.http.post(portal) as paid:
        paid_page = await paid.text()

    assert link.startswith(f"{service.stack.public_url}/pay/")
    assert (status, page.count('<form method="post"')) == (200, 1)
    assert click.status == 303
    assert portal.startswith(f"{service.stack.twin_url}/cpl_")
    assert 'data-page="update"' in update_page
    assert 'data-page="paid"' in paid_page
    assert (await service.case_ended(case_id)).state is CaseState.RECOVERED


async def test_the_link_of_a_paid_debt_says_that_nothing_is_left_to_pay(service: Service) -> None:
    case_id = await service.decline()
    link = service.link_in((await service.mails())[0])
    await service.stack.twin(f"transactions/{case_id}/pay")
    await service.case_ended(case_id)

    status, page = await service.get(link.removeprefix(service.stack.public_url))
    async with service.http.post(link, allow_redirects=False) as click:
        clicked = await click.text()

    assert (status, click.status) == (200, 200)
    for said in (page, clicked):
        assert "Nothing is left to pay" in said
        assert "<form" not in said
        assert service.stack.environment["DUNNING_PORTAL_LOGIN_URL"] in said


@pytest.mark.parametrize("mint", [LinkMint.SEND])
async def test_a_mail_with_paddles_own_link_leads_to_the_update_page_at_once(service: Service) -> None:
    case_id = await service.decline()
    (mail,) = await service.mails()
    link = service.link_in(mail)

    async with service.http.get(link) as landed:
        update_page = await landed.text()
    async with service.http.post(link) as paid:
        paid_page = await paid.text()
    ended = await service.case_ended(case_id)
    async with service.http.get(link) as again:
        spent_page = await again.text()

    assert link.startswith(f"{service.stack.twin_url}/cpl_")
    assert 'data-page="update"' in update_page
    assert 'data-page="paid"' in paid_page
    assert ended.state is CaseState.RECOVERED
    assert "Nothing is due" in spent_page


@pytest.mark.parametrize("mint", LinkMint)
async def test_the_mail_is_addressed_dated_and_says_what_is_owed_in_both_parts(service: Service) -> None:
    await service.decline(name="Zoë O'Connor-Ünal")

    (mail,) = await service.mails()

    assert mail["recipients"] == ["zoe.1+lantern@customer.example"]
    assert mail["headers"]["auto-submitted"] == "auto-generated"
    assert mail["headers"].keys() >= {"date", "message-id"}
    for part in (mail["text"], mail["html"]):
        assert all(fact in part for fact in ("€29.00", "4242", "Lantern Pro"))
    assert "Hello Zoë O'Connor-Ünal," in mail["text"]
