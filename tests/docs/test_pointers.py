"""What `sms-sandbox env` prints for SDKs: one line for each that the pages name, and it works."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import urllib3
from contracts.node_sdk import MODULES, node_with

from sms_sandbox.pointers import aws_settings, sdk_lines
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

ROOT = Path(__file__).parents[2]
# What examples import that is no vendor's SDK.
TOOLS = {"requests", "jwt", "cryptography"}
VENDORS = {"twilio": "Twilio", "plivo": "Plivo", "messagebird": "MessageBird", "vonage": "Vonage"}
OPTIONS = {
    "Twilio, Python": "client.api.base_url",
    "Twilio, Node": "client.api.baseUrl",
    "Plivo, Python": "plivo.rest.client.PLIVO_API_BASE_URI",
    "Plivo, Node": "url: ",
    "MessageBird, Python": "/messagebird/",
    "MessageBird, Node": "https",
    "Vonage, Python": 'client.http_client._session.mount("https://"',
    "Vonage, Node": "restHost: ",
}

PYTHON = """
import messagebird.client, plivo, plivo.resources.lookup, plivo.rest.client
from requests.adapters import HTTPAdapter
from twilio.rest import Client
from vonage import Auth, Vonage
from vonage_sms import SmsMessage

to, text = "12015550123", "Your code is 424242"
client = Client("AC" + "0" * 32, "sandbox")
{twilio}
client.messages.create(to="+" + to, from_="+12015550199", body=text)
client.verify.v2.services.create("Notes")
client.messaging.v1.services.create("Notes")
client.lookups.v2.phone_numbers("+" + to).fetch()
{plivo}
client = plivo.RestClient("MA" + "0" * 18, "sandbox")
client.messages.create(src="12015550199", dst=to, text=text)
client.lookup.get("+" + to)
{messagebird}
messagebird.Client("any_key").message_create("Notes", to, text)
class Adapter(HTTPAdapter):
    def send(self, request, **options):
        request.url = {vonage} + "/" + request.url.split("/", 3)[3]
        return super().send(request, **options)
adapter = Adapter()
client = Vonage(Auth(api_key="abcd1234", api_secret="sandbox"))
{mount}
client.sms.send(SmsMessage(to=to, from_="Notes", text=text))
"""

NODE = """
{messagebird}
const to = "12015550123", text = "Your code is 424242";
const twilio = async () => {
  const client = require("twilio")("AC" + "0".repeat(32), "sandbox");
  {twilio};
  await client.messages.create({ to: "+" + to, from: "+12015550199", body: text });
  await client.messaging.v1.services.create({ friendlyName: "Notes" });
};
const plivoSends = () => {
  const plivo = require("plivo"), authId = "MA" + "0".repeat(18), authToken = "sandbox";
  return ({plivo}).messages.create({ src: "12015550199", dst: to, text });
};
const messagebird = () => new Promise((done, failed) => {
  const client = require("messagebird").initClient("any_key");
  const message = { originator: "Notes", recipients: [to], body: text };
  client.messages.create(message, (error, sent) => error ? failed(error) : done(sent));
});
const vonage = () => {
  const { Vonage } = require("@vonage/server-sdk"), { Auth } = require("@vonage/auth");
  const auth = new Auth({ apiKey: "abcd1234", apiSecret: "sandbox" });
  return ({vonage}).sms.send({ to, from: "Notes", text });
};
(async () => { for (const send of [twilio, plivoSends, messagebird, vonage]) await send(); })();
"""


def lines(url: str) -> dict[str, str]:
    """Each SDK's line by its name."""
    found = dict(line.split(": ", 1) for line in sdk_lines(url))
    assert len(found) == len(sdk_lines(url))
    return found


def filled(program: str, **parts: str) -> str:
    for name, text in parts.items():
        program = program.replace(f"{{{name}}}", text)
    return program


def sdks_on_the_pages() -> dict[str, list[str]]:
    """Every SDK that an example of a vendor's page uses, with these examples."""
    found: dict[str, list[str]] = {}
    for page in sorted((ROOT / "docs" / "vendors").glob("*.md")):
        blocks = re.findall(r"```(python|javascript)\n(.*?)```", page.read_text(), re.DOTALL)
        for language, block in blocks:
            names = imported(block) if language == "python" else required(block)
            for package in names:
                vendor = VENDORS.get(package.removeprefix("@").split("/")[0], package)
                name = f"{vendor}, {'Python' if language == 'python' else 'Node'}"
                found.setdefault(name, []).append(block)
    return found


def imported(block: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(block)))
    names = [one.name for node in nodes if isinstance(node, ast.Import) for one in node.names]
    names += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    packages = {re.sub(r"^vonage_\w+", "vonage", name.split(".")[0]) for name in names}
    return packages - set(sys.stdlib_module_names) - TOOLS


def required(block: str) -> set[str]:
    names = re.findall(r'require\("([^"]+)"\)', block)
    return {name for name in names if not name.startswith("node:")}


def test_every_sdk_of_the_vendors_pages_has_its_line_and_no_other() -> None:
    found = sdks_on_the_pages()
    # AWS's reads the address from the environment.
    assert found.pop("boto3, Python")
    assert aws_settings("http://127.0.0.1:8025")["AWS_ENDPOINT_URL_SNS"].endswith("/aws")
    assert set(found) == set(lines("http://127.0.0.1:8025")) == set(OPTIONS)
    for name, line in lines("http://127.0.0.1:8025").items():
        assert OPTIONS[name] in line
        assert any(OPTIONS[name] in block for block in found[name]), name
        assert "\n" not in line


def sent(server: SandboxServer) -> list[str]:
    answer = urllib3.request("GET", f"{server.url}/api/v1/messages", timeout=60)
    return sorted(one["provider"] for one in answer.json()["messages"])


def test_the_lines_for_python_lead_the_sdks_here(tmp_path: Path) -> None:
    with SandboxServer(Settings(port=0)) as server:
        at = lines(server.url)
        mount, _, told = at["Vonage, Python"].partition(", a requests adapter")
        program = filled(
            PYTHON,
            twilio=at["Twilio, Python"],
            plivo=at["Plivo, Python"],
            messagebird=at["MessageBird, Python"],
            vonage=re.findall(r'"[^"]+"', told)[0],
            mount=mount,
        )
        (tmp_path / "lines.py").write_text(program, encoding="utf-8")
        subprocess.run([sys.executable, str(tmp_path / "lines.py")], check=True, timeout=120)
        assert sent(server) == ["messagebird", "plivo", "twilio", "vonage"]


def test_the_lines_for_node_lead_the_sdks_here(tmp_path: Path) -> None:
    node = node_with("messagebird")
    with SandboxServer(Settings(port=0)) as server:
        at = lines(server.url)
        parts = {one.casefold(): at[f"{one}, Node"] for one in VENDORS.values()}
        (tmp_path / "lines.js").write_text(filled(NODE, **parts), encoding="utf-8")
        environ = {"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES)}
        program = [node, "lines.js"]
        subprocess.run(program, cwd=tmp_path, env=environ, check=True, timeout=120)
        assert sent(server) == ["messagebird", "plivo", "twilio", "vonage"]
