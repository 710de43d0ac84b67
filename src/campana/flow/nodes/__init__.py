"""The kinds of nodes, one file each. A new one needs its file, a line here and a file of cases."""

from __future__ import annotations

from collections.abc import Mapping

from campana.flow.nodes.condition import ConditionNode
from campana.flow.nodes.delay import Delay
from campana.flow.nodes.end import End
from campana.flow.nodes.gather import GatherNode
from campana.flow.nodes.handoff import Handoff
from campana.flow.nodes.lookup import Lookup
from campana.flow.nodes.opt_out import OptOutNode
from campana.flow.nodes.parallel import Parallel
from campana.flow.nodes.response_branch import ResponseBranch
from campana.flow.nodes.say import SayNode
from campana.flow.nodes.send_message import SendMessageNode
from campana.flow.nodes.send_template import SendTemplateNode
from campana.flow.nodes.set import Set
from campana.flow.nodes.start import Start
from campana.flow.nodes.subflow import Subflow
from campana.flow.nodes.survey import Survey
from campana.flow.nodes.tag import Tag
from campana.flow.nodes.voice_call import VoiceCall
from campana.flow.nodes.voice_transfer import VoiceTransfer
from campana.flow.nodes.wait_for_response import WaitForResponse
from campana.flow.nodes.wait_inbound_call import WaitInboundCall
from campana.flow.nodes.webhook import Webhook
from campana.flow.run import Node

NODES: Mapping[str, type[Node]] = {
    "start": Start,
    "send_message": SendMessageNode,
    "send_template": SendTemplateNode,
    "wait_for_response": WaitForResponse,
    "response_branch": ResponseBranch,
    "condition": ConditionNode,
    "set": Set,
    "delay": Delay,
    "voice_call": VoiceCall,
    "voice_transfer": VoiceTransfer,
    "wait_inbound_call": WaitInboundCall,
    "say": SayNode,
    "gather": GatherNode,
    "parallel": Parallel,
    "webhook": Webhook,
    "lookup": Lookup,
    "handoff": Handoff,
    "opt_out": OptOutNode,
    "tag": Tag,
    "subflow": Subflow,
    "survey": Survey,
    "end": End,
}
