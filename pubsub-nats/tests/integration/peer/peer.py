"""A peer that is not written in Rust: does with nats-py what standard input asks for, and prints what came of it.

The request is one JSON object, {"url": .., "job": "publish" | "read", ..}; the answer is one JSON list.
"""

import asyncio
import json
import sys

import nats


async def publish(stream, request):
    receipts = []
    for message in request["messages"]:
        receipt = await stream.publish(
            message["subject"],
            message["payload"].encode(),
            headers=message.get("headers"),
            msg_ttl=message.get("ttl"),
        )
        receipts.append(
            {"stream": receipt.stream, "sequence": receipt.seq, "duplicate": bool(receipt.duplicate)}
        )
    return receipts


async def settle(message, how):
    if how == "ack":
        await message.ack_sync(timeout=10)
    elif how == "nak":
        await message.nak()
    elif how == "term":
        await message.term()
    else:
        raise ValueError(how)


async def read(stream, request):
    subscription = await stream.pull_subscribe_bind(request["consumer"], stream=request["stream"])
    seen = []
    for how in request["settle"]:
        (message,) = await subscription.fetch(1, timeout=15)
        await settle(message, how)
        seen.append(
            {
                "subject": message.subject,
                "payload": message.data.decode(),
                "headers": dict(message.headers or {}),
                "sequence": message.metadata.sequence.stream,
                "attempt": message.metadata.num_delivered,
                "pending": message.metadata.num_pending,
            }
        )
    return seen


async def main():
    request = json.load(sys.stdin)
    connection = await nats.connect(request["url"], connect_timeout=10)
    job = {"publish": publish, "read": read}[request["job"]]
    answer = await job(connection.jetstream(timeout=10), request)
    # A plain nak is only written; the answer to a ping comes after the server has read it.
    await connection.flush(timeout=10)
    await connection.close()
    json.dump(answer, sys.stdout)


asyncio.run(main())
