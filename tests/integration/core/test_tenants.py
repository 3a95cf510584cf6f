"""Two accounts with equal cache and topic names never meet."""

import asyncio

from tests.integration.core.fleet import fleet
from tests.unit.credentials import token


async def test_equal_names_of_two_accounts_never_share_an_item() -> None:
    credentials = {tenant: token(account=tenant) for tenant in ("acme", "bolt")}
    async with fleet("acme", "bolt") as gateways:
        clients = {
            tenant: [await gateway.subscribe(credential=credential) for gateway in gateways]
            for tenant, credential in credentials.items()
        }
        for number in range(20):
            await asyncio.gather(
                *(
                    gateways[number % 2].publish(f"{tenant} {number}", credential=credentials[tenant])
                    for tenant in clients
                )
            )
        for tenant, own in clients.items():
            for client in own:
                await client.until(lambda client=client: len(client.texts) == 20)
                assert client.texts == [f"{tenant} {number}" for number in range(20)]
                assert client.numbers == list(range(1, 21))


async def test_a_resume_point_of_another_accounts_topic_is_a_stranger() -> None:
    async with fleet("acme", "bolt", routers=1) as gateways:
        for number in range(5):
            await gateways[0].publish(f"secret {number}")
        mine = await gateways[0].subscribe(number=1)
        await mine.until(lambda: len(mine.numbers) == 5)
        page = mine.messages[-1].item.sequence_page
        theirs = await gateways[0].subscribe(number=1, page=page, credential=token(account="bolt"))
        await gateways[0].publish("own", credential=token(account="bolt"))
        await theirs.until(lambda: bool(theirs.texts))
    assert theirs.texts == ["own"]
    assert b"secret" not in theirs.body
    assert theirs.messages[1].discontinuity.new_sequence_page != page


async def test_a_token_of_an_account_that_is_not_there_opens_nothing() -> None:
    async with fleet("acme", routers=1) as gateways:
        answer = await gateways[0].publish("x", credential=token(account="bolt"))
    assert answer.status == 16
