"""Attacks on the login of a running application of one's own: what gets through, and what not.

``run`` drives one; each is a module of its own. The application is spoken to as any stranger
would, over its JSON API and its forms; what it sent is read from the sandbox. Loopback only.
"""

from sms_sandbox.attack.findings import Finding, broken, table
from sms_sandbox.attack.launch import run
from sms_sandbox.attack.switches import add_switches
from sms_sandbox.attack.visitor import AttackStopped

__all__ = ["AttackStopped", "Finding", "add_switches", "broken", "run", "table"]
