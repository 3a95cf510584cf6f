"""Programs to paste, with this installation's address: each publishes one message to a topic and reads it back.

Python and Node.js use the published SDKs. The other languages speak the HTTP API with their standard library, which
works on any address; their SDKs want TLS on port 443.
"""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_BLANK = re.compile(r"@[A-Z_]+@")
_SURROGATES = re.compile(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")

_OF_CODE_POINTS = frozenset({"python", "go"})
"""Languages to which the escape of a surrogate is no character. To the others it is, however a file is read."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A program.

    Attributes:
        id: A word for it.
        name: The language.
        before: What to do first.
        file: What the program is called.
        text: The program.
    """

    id: str
    name: str
    before: str
    file: str
    text: str


def two_terminals(base_url: str) -> str:
    """Return the example of the first page, for a shell."""
    return (
        f'curl -sN "{base_url}/topics/chat/lobby" -H "Authorization: $TIDINGS_API_KEY" -H "Accept: text/event-stream"\n'
        "\n"
        f'curl "{base_url}/topics/chat/lobby" -H "Authorization: $TIDINGS_API_KEY" -d "hello"\n'
    )


def all_of(base_url: str, endpoint: str, cache: str, topic: str, text: str = "hello") -> list[Snippet]:
    """Return a snippet for each language.

    Args:
        base_url: Where the topics' HTTP API is: scheme, host and port.
        endpoint: The host name given to SDKs, which put names before it and take port 443.
        cache: The cache's name.
        topic: The topic's name.
        text: What is published.
    """
    path = f"{base_url}/topics/{quote(cache, safe='')}/{quote(topic, safe='/')}"
    shared = {
        "@URL@": json.dumps(path),
        "@PORT@": str(_address(base_url)[1]),
        "@SHELL_URL@": shlex.quote(path),
        "@SHELL_TEXT@": shlex.quote(text),
        "@PYTHON_CREDENTIAL@": _python_credential(base_url, endpoint),
        "@NODE_CREDENTIAL@": _node_credential(base_url, endpoint),
    }
    values = {"@CACHE@": cache, "@TOPIC@": topic, "@TEXT@": text}
    programs = _PROGRAMS if _has_python_sdk(base_url) else {**_PROGRAMS, "python": _NO_PYTHON_SDK}
    return [
        Snippet(id, name, before, file, _filled(program, shared | _literals(id, values)))
        for id, (name, before, file, program) in programs.items()
    ]


def _literals(language: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return texts as string literals; a JSON string is one of each language: a dollar sign needs no care there."""
    if language not in _OF_CODE_POINTS:
        return {name: json.dumps(value) for name, value in values.items()}
    return {name: _SURROGATES.sub(_character, json.dumps(value)) for name, value in values.items()}


def _character(pair: re.Match[str]) -> str:
    return str(json.loads(f'"{pair[0]}"'))


def _filled(text: str, fill: dict[str, str]) -> str:
    """Put each value in once; what a value says is not looked at again."""
    return _BLANK.sub(lambda blank: fill[blank[0]], text)


def _has_python_sdk(base_url: str) -> bool:
    """Whether the SDK reaches this address: on any other port than 443 it speaks without TLS."""
    _, port, secure = _address(base_url)
    return secure == (port == 443)


def _python_credential(base_url: str, endpoint: str) -> str:
    host, port, secure = _address(base_url)
    if secure and port == 443:
        return f'CredentialProvider.from_api_key_v2(os.environ["TIDINGS_API_KEY"], {json.dumps(endpoint)})'
    h = json.dumps(host)
    return f'CredentialProvider(os.environ["TIDINGS_API_KEY"], {h}, {h}, {h}, port={port})'


def _node_credential(base_url: str, endpoint: str) -> str:
    host, port, secure = _address(base_url)
    key = "process.env.TIDINGS_API_KEY"
    if secure and port == 443:
        return f"CredentialProvider.fromApiKeyV2({{ apiKey: {key}, endpoint: {json.dumps(endpoint)} }})"
    address = json.dumps(f"{host}:{port}")
    return (
        "CredentialProvider.fromDisposableToken({\n"
        f'  apiKey: Buffer.from(JSON.stringify({{ endpoint: "here", api_key: {key} }})).toString("base64"),\n'
        f"  endpointOverrides: {{ cacheEndpoint: {address}, controlEndpoint: {address}, tokenEndpoint: {address}, "
        f"secureConnection: {'true' if secure else 'false'} }},\n"
        "})"
    )


def _address(base_url: str) -> tuple[str, int, bool]:
    parts = urlsplit(base_url)
    secure = parts.scheme == "https"
    return parts.hostname or "", parts.port or (443 if secure else 80), secure


_CURL = """\
curl -sf @SHELL_URL@ -H "Authorization: $TIDINGS_API_KEY" --data-raw @SHELL_TEXT@
curl -sf @SHELL_URL@ -H "Authorization: $TIDINGS_API_KEY"
"""

_PYTHON = """\
import os
from datetime import timedelta

from momento import CredentialProvider, TopicClient, TopicConfigurations

credential = @PYTHON_CREDENTIAL@
configuration = TopicConfigurations.Default.latest()
with (
    TopicClient(configuration.with_client_timeout(timedelta(days=1)), credential) as reader,
    TopicClient(configuration, credential) as writer,
):
    subscription = reader.subscribe(@CACHE@, @TOPIC@)
    print(writer.publish(@CACHE@, @TOPIC@, @TEXT@))
    print(next(subscription))
"""

_PYTHON_ELSEWHERE = """\
# The Python SDK speaks TLS on port 443 only, and this service has it on port @PORT@.
# Have something in front take port 443, or use the HTTP API, as curl does here.
"""

_NODE = """\
import { CredentialProvider, TopicClient, TopicConfigurations } from "@gomomento/sdk";

const credentialProvider = @NODE_CREDENTIAL@;
const topics = new TopicClient({ configuration: TopicConfigurations.Default.latest(), credentialProvider });

await topics.subscribe(@CACHE@, @TOPIC@, {
  onItem: item => {
    console.log(item.sequenceNumber(), item.valueString());
    process.exit(0);
  },
  onError: error => console.error(error.message()),
});
console.log((await topics.publish(@CACHE@, @TOPIC@, @TEXT@)).toString());
"""

_BROWSER = """\
const token = "a disposable token"; // never an API key: whoever opens the page can read it
const topic = @URL@;

const events = new EventSource(`${topic}?token=${token}`);
events.addEventListener("item", event => console.log(JSON.parse(event.data).item));
await fetch(topic, { method: "POST", headers: { Authorization: token }, body: @TEXT@ });
"""

_GO = """\
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func call(method, body string) string {
	request, err := http.NewRequest(method, @URL@, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", os.Getenv("TIDINGS_API_KEY"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	return fmt.Sprint(response.Status, " ", string(answer))
}

func main() {
	fmt.Println(call("POST", @TEXT@))
	fmt.Println(call("GET", ""))
}
"""

_JAVA = """\
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public class Hello {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newHttpClient();
        var topic = HttpRequest.newBuilder(URI.create(@URL@))
                .header("Authorization", System.getenv("TIDINGS_API_KEY"));
        var publish = topic.POST(HttpRequest.BodyPublishers.ofString(@TEXT@)).build();
        System.out.println(client.send(publish, BodyHandlers.ofString()).statusCode());
        System.out.println(client.send(topic.GET().build(), BodyHandlers.ofString()).body());
    }
}
"""

_DOTNET = """\
using System.Net.Http;

var client = new HttpClient();
var key = Environment.GetEnvironmentVariable("TIDINGS_API_KEY");
client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", key);

var published = await client.PostAsync(@URL@, new StringContent(@TEXT@));
Console.WriteLine(published.StatusCode);
Console.WriteLine(await client.GetStringAsync(@URL@));
"""

_NO_PYTHON_SDK = ("Python", "The Python SDK cannot reach this service.", "hello.py", _PYTHON_ELSEWHERE)

_PROGRAMS = {
    "curl": ("curl", "Publishes, then reads the newest message back.", "In a shell", _CURL),
    "python": ("Python", "First: pip install momento", "hello.py", _PYTHON),
    "node": ("Node.js", "First: npm install @gomomento/sdk", "hello.mjs", _NODE),
    "browser": (
        "Browser",
        "A page uses a disposable token, which expires and may do little. EventSource resumes by itself.",
        "In a module of a page",
        _BROWSER,
    ),
    "go": ("Go", "Needs nothing but the standard library: go run hello.go", "hello.go", _GO),
    "java": ("Java", "Needs nothing but Java 11 or later: java Hello.java", "Hello.java", _JAVA),
    "dotnet": (".NET", "A console application of .NET 6 or later: dotnet run", "Program.cs", _DOTNET),
}
