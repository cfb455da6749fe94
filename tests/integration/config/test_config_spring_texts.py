"""Short texts, each a document of its own: what Spring's server tells of it, ours tells; what it refuses is broken."""

import aiohttp
import pytest

from tests.support.spring.comparing import Spring, ours
from tests.support.spring.documents import lay_files

YAML = (
    "own: {name: y, <<: {name: x}}",
    "own: {<<: {name: x}, name: y}",
    "b: &b {<<: {k: 1}, k: 2}\nc: {<<: *b}",
    "b: &b {k: 1}\nc: {<<: [{k: 2}, *b], k: 3}",
    "a: {u: http://x:80/y, l: [x:y, 'z']}",
    "a: b #c\nd: e#f",
    "a:\n- b\n- c",
    "a: 'multi\n  line'\nb: \"x\\\n  y\"",
    "? a\n: b",
    'a: "\\0"',
    "a: \x7f",
    'a: "\x85"',
    "a: x\x85b: y",
    "a: x\u2028b: y",
    "{}\n---\na: 1\n---\n{}",
    "a: &k b\n*k : c",
    "a: {b, c: d}",
    "a: [b: c, d]",
    "a: {? b : c}",
    "a: |2\n    x\n   y",
    "a: >+\n x\n\n\n y\n\nb: 1",
    "# c\na: 1\n# d\n---\n# e\n",
    "--- a: 1",
    "---\na: 1\n...\n",
    "a: -\nb: '-'",
    "a: --\nb: ---x",
    "a: @x",
    "a: %x",
    "a: `x`",
    "a: x: y",
    "a: [1,2",
    "a: {b: 1,}",
    "a: [,]",
    "a: 'it''s'",
    "a: .NaN\nb: .nan\nc: +.inf\nd: -.INF\ne: .iNf",
    "a: 1__0\nb: 0b1_0\nc: 0x_F\nd: 0_7\ne: -0\nf: +0\ng: 00\nh: 0.\ni: 1.e5\nj: 1e-5\nk: 1_0.5",
    "a: 190:20:30\nb: -1:30\nc: 1:60\nd: 20:30.15\ne: 0:30",
    "a: 1.0e400\nb: 4.9e-324\nc: 123456789.123456789\nd: 0.1e-3\ne: 100000000.0",
    "a: !!int 0x1F\nb: !!float 5\nc: !!bool no\nd: !!str ~\ne: !!null x\nf: !!timestamp 2001-12-14t21:59:43.10-05:00",
    "a: !!set {x, y, x}",
    "a: !!set {1, true}",
    "a: !!seq [1]\nb: !!map {c: 1}",
    "a: !!binary |\n aGVs\n bG8=",
    "a: ! 12\nb: ! x",
    "a: !<tag:yaml.org,2002:str> 1",
    "%TAG ! tag:yaml.org,2002:\n---\na: !str 1",
    "a: \xa0x\u3000",
    "a: x \t \nb: 1",
    "a: ''\nb: \"\"\nc: ' '",
    "'a': 1\n\"b\": 2",
    "a b c: 1\n' x ': 2",
    "a: &x\nb: *x",
    "a: [\n1,\n2\n]",
    "a: {\n b: 1\n}",
    "a: [[], [[]], {}, [{}], '']",
    "a: {b: {c: {}}}\nd: 1",
    "spring.profiles.include: test\na: 1",
    "spring.profiles.group.default: [test]\na: 1",
    "spring.profiles.active: test\na: 1",
    "spring.profiles.default: test\na: 1",
    "spring.config.activate.on-profile: default\nspring.profiles.active: x\na: 1",
    "spring.config.activate.on-profile: nope\nspring.profiles.include: x\na: 1",
    "spring.config.activate.on-profile: default\nspring.profiles.group.x: y\na: 1",
    "spring.profiles: {active: [x]}\na: 1",
    "spring.config.activate: x\na: 1",
    "spring.config: x",
    "spring: x",
    "spring.config.activate.on-profile: 'a b'\nc: 1",
    "spring.config.activate.on-profile: ['default & default', 'x']\nc: 1",
    "spring.config.activate.on-profile: 'x, default'\nc: 1",
    "spring.config.activate.on-profile: [' default ']\nc: 1",
    "spring.config.activate.on-profile: ['x,default']\nc: 1",
    "spring.config.activate.on-cloud-platform: [none]\nc: 1",
    "spring.config.activate.on-cloud-platform: moon\nc: 1",
    "spring.config.activate.on-profile: default\nspring.config.activate.on-cloud-platform: NONE\nc: 1",
    "'0': a\n'1': b",
    "a: {0: x, '1': y}",
    "a: {'[0]': x}",
    "a: {' ': x}",
    "' ': {a: 1}",
    "a: {'': {b: 1}}",
    "a: '" + "x" * 200 + "'",
    "a: yes\nb: Yes\nc: YES\nd: yEs",
    "null: 1",
    "~: 1",
    "'': 1",
    "a: {~: 1}",
    "true: {b: 1}\n1.5: {c: 2}\n1: [3]",
    "a: 2024-01-01\n2024-01-01: b\n2024-01-01T10:00:00Z: c",
    "a: 0o7\nb: 0O7\nc: 1e3\nd: 1E+3\ne: e3\nf: 1.5.2\ng: 1,000\nh: +1\ni: ++1\nj: 1_\nk: _\nl: .",
    "spring.config.activate.on-profile: default\nspring.profiles.group.default: test\na: 1",
    "spring.config.activate.on-profile: x\nspring.profiles.group.default: test\na: 1",
    (
        "spring.config.activate.on-profile: x\nspring.profiles.group.default: test\na: 1\n---\n"
        "spring.profiles.group.default: test\n"
    ),
    "spring.profiles.group: {default: [test, other], test: default}\na: 1",
    "spring.profiles.include: test\n---\nspring.profiles.include: [other]",
    "spring.profiles.include: 'a b'",
    "spring.profiles.group.default: '-x'",
    "spring.config.activate.on-profile: default\nspring.profiles.default: x",
    "spring.profiles.include: ''\na: 1",
    "spring.profiles.include: []\na: 1",
    "spring.config.import: []\na: 1",
    "spring.config.import: ''\na: 1",
    "spring.profiles: ''\na: 1",
    "spring.profiles: []\na: 1",
    "spring.profiles: ~\na: 1",
)
PROPERTIES = (
    "hosts[]=a,b,",
    "hosts[]=a\\,b, c ,d",
    "hosts[]=",
    "[]=a",
    "a\\ =1",
    "\\ a=1",
    "a=1\\",
    "a=\\\n",
    "a=x\\\n\\\n y",
    "a.=1\n.b=2\n..=3",
    "a=\ta\t",
    "=1\n:2",
    "a\tb",
    "a\x0cb=c",
    "a:b=c",
    "a = : b",
    "a\\:b=c",
    "a==b",
    "#---\na=1",
    "a=1\n#---\n\n#---\nb=2",
    "a=1\n!---\n#---\nb=2",
    "a=1\n# x\n\n#---\nb=2",
    "a=1\n! x\n#---\nb=2",
    "a=1\n#---\n\n! x\nb=2",
    "a=1\n#---x\nb=2",
    "a=1\n #---\nb=2",
    "a=\\u00e9\\U00e9",
    "a=\\uD83D\\uDE00",
    "a=\\x41\\0",
    "a=b\\nc\\td",
    "a",
    "a=1\na=",
    "spring.config.activate.on-profile=default\na=1\n#---\nspring.config.activate.on-profile=x\na=2",
    "spring.config.activate.on-profile[0]=x\nspring.config.activate.on-profile[1]=default\na=1",
    "spring.profiles.include[0]=test\na=1",
    "a[0]=1\na[1]=2\na=3",
    "   # c\na=1",
    "a=1\r\rb=2",
    "a=1 \\\r\n  b=2",
)


async def told(url: str) -> object:
    async with aiohttp.ClientSession(url) as http, http.get("/order/default") as response:
        if response.status != 200:
            return response.status
        return [source["source"] for source in (await response.json())["propertySources"]]


async def broken(url: str) -> list[str]:
    async with aiohttp.ClientSession(url) as http, http.get("/readyz") as response:
        found: list[str] = (await response.json())["broken_documents"]
        return found


@pytest.mark.parametrize(
    ("file", "text"), [*(("order.yml", text) for text in YAML), *(("order.properties", text) for text in PROPERTIES)]
)
async def test_a_text_is_told_as_spring_tells_it_or_is_broken_where_spring_refuses_it(
    theirs: Spring, file: str, text: str
) -> None:
    documents = {file: text, "order-test.yml": "t: 1", "product.yml": "x: 1"}
    lay_files(documents, theirs.folder)
    expected = await told(theirs.server.url)
    async with ours(documents) as url:
        if expected == 500:
            assert await told(url) == []
            assert len(await broken(url)) == 1
        else:
            assert repr(await told(url)) == repr(expected)
            assert await broken(url) == []
