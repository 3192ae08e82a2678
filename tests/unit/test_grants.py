from dunning.paddle_api.grants import Unlimited


async def test_who_runs_once_by_hand_is_given_every_call() -> None:
    limiter = Unlimited()

    grants = await limiter.ask(2, background=False)

    assert len({grant.id for grant in grants}) == 2
    assert all([await limiter.begin(grant) for grant in grants])
