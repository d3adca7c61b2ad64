"""Publish: one text message to one phone number."""

from dataclasses import replace

from sms_sandbox.facades.aws import opt_outs, origination, simulator, sms_attributes, wire
from sms_sandbox.facades.aws.call import Call, own_number
from sms_sandbox.facades.aws.query import Node


def publish(call: Call) -> dict[str, Node]:
    """Take a message in. A number that has opted out is answered like every other: SNS says so
    in its delivery log only."""
    defaults = sms_attributes.read(call)
    message_id = call.next_id()
    draft = wire.parse_draft(
        call.parameters,
        account=call.account,
        own_number=own_number(call.account),
        defaults=defaults,
        facts={"service": "sns", "region": call.region},
        message_id=message_id,
        raw=call.transcript(),
    )
    if opt_outs.holds(call, draft.recipient):
        draft = replace(draft, fails=wire.OPTED_OUT)
    elif draft.recipient in simulator.FAILING:
        draft = replace(draft, fails=simulator.FAILURE)
    call.accept(draft, wire.not_valid(draft.recipient, "PhoneNumber"))
    origination.remember(call, draft.sender)
    return {"MessageId": message_id}
