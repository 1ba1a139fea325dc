"""Addresses that the outbound client must refuse before it looks anything up or opens a socket."""

V4_NOT_PUBLIC = """
    0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.0 100.64.0.1 100.100.100.200
    100.127.255.255 127.0.0.0 127.0.0.1 127.0.0.53 127.1.2.3 127.255.255.255 168.63.129.16 169.254.0.0
    169.254.169.123 169.254.169.253 169.254.169.254 169.254.170.2 169.254.255.255 172.16.0.0 172.16.0.1
    172.17.0.1 172.31.255.255 192.0.0.0 192.0.0.8 192.0.0.9 192.0.0.170 192.0.0.192 192.0.2.1
    192.31.196.1 192.52.193.1 192.88.99.1 192.88.99.2 192.168.0.0 192.168.0.1 192.168.255.255
    192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1
    255.255.255.254 255.255.255.255
""".split()

V6_NOT_PUBLIC = """
    :: ::1 ::2 ::7f00:1 ::127.0.0.1 ::a00:1 ::a9fe:a9fe ::ffff:0:0 ::ffff:7f00:1 ::ffff:127.0.0.1
    ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::ffff:c0a8:1 ::ffff:8.8.8.8
    ::ffff:0:127.0.0.1 ::ffff:0:a9fe:a9fe 0:0:0:0:0:ffff:7f00:1 0000:0000:0000:0000:0000:0000:0000:0001
    64:ff9b:: 64:ff9b::7f00:1 64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::8.8.8.8 64:ff9b:1::1
    64:ff9b:1::a00:1 100:: 100::1 100:0:0:1::1 2001::1 2001:0:7f00:1::1
    2001:0:4136:e378:8000:63bf:80ff:fffe 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1
    2001:30::1 2001:db8::1 2001:db8:ffff::1 2002::1 2002:7f00:1::1 2002:a00:1:: 2002:a9fe:a9fe::
    2002:c0a8:1::1 2002:808:808::1 2620:4f:8000::1 3fff::1 3fff:fff::1 4000::1 5f00::1 8000::1 fc00::1
    fd00::1 fd00:ec2::254 fd20:ce::254 fdff:ffff::1 fe80::1 fe80::a9fe:a9fe febf::1 fec0::1 feff::1
    ff00::1 ff01::1 ff02::1 ff02::fb ff05::2 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
    2606:4700::5efe:7f00:1 2606:4700::200:5efe:a00:1
""".split()

_SPELLINGS = """
    2130706433 017700000001 0x7f000001 0x7F000001 0x7f.1 0x7f.0x0.0x0.0x1 0177.0.0.1 0177.0.0.01 0177.1
    127.1 127.0.1 127.0.0.01 127.000.000.001 127.0.0.0x1 127.0.0.1. 127.0.0.1.. .127.0.0.1 127..0.1
    127.0.0.256 127.0.0 127.0.0.1.1 256.256.256.256 2852039166 0xa9fea9fe 0xA9.0xFE.0xA9.0xFE
    0251.0376.0251.0376 169.254.43518 169.16689662 0251.254.169.254 167772161 0xa000001 012.0.0.1 10.1 0
    0x0 00 0x 1 1. 4294967295 4294967296 18446744073709551615 99999999999999999999 1.1.1.1.0x1 example.1
    example.0x7f foo.127 a.0 -1 127.0.0.-1 0b1111111.0.0.1 0o177.0.0.1
""".split()

_SCHEMES = """
    file:///etc/passwd file://localhost/etc/passwd ftp://example.com/ ftps://example.com/
    sftp://example.com/ gopher://example.com/_GET dict://example.com:11211/stat ldap://example.com/
    ldaps://example.com/ tftp://example.com/x telnet://example.com/ ssh://example.com/
    smb://example.com/c ws://example.com/ wss://example.com/ data:text/html,x javascript:alert(1)
    jar:https://example.com!/ phar://x netdoc:///etc/passwd php://filter
    view-source:https://example.com/ blob:https://example.com/x about:blank mailto:a@example.com news:x
    unix:///var/run/docker.sock http+unix://%2Fvar%2Frun%2Fdocker.sock/ https+unix://x/
    httpss://example.com/ https-://example.com/ 1https://example.com/ https;//example.com/
    https//example.com/ https:example.com https:/example.com https:///example.com/ //example.com/
    ///example.com /etc/passwd example.com https: https:// https://? https://# https://///
    ://example.com http://example.com/ http://example.com:443/ HTTP://example.com/ http://8.8.8.8/
    http://[2606:4700::1111]/
""".split()

_USERINFO = """
    https://user@example.com/ https://user:pass@example.com/ https://@example.com/
    https://:@example.com/ https://example.com@127.0.0.1/ https://example.com:443@127.0.0.1/
    https://127.0.0.1@example.com/ https://a@b@example.com/ https://example.com%40127.0.0.1/
    https://example.com:pw@[::1]/ https://[::1]@example.com/ https://example.com&@127.0.0.1/
    https://example.com,127.0.0.1/ https://example.com;127.0.0.1/ https://127.0.0.1;@example.com/
    https://!@example.com/ https://$example.com/ https://example.com=/
""".split()

_BACKSLASHES = [
    "https:\\\\example.com/",
    "https://example.com\\@127.0.0.1/",
    "https://127.0.0.1\\@example.com/",
    "https://example.com\\/",
    "https://example.com/\\",
    "https:/\\example.com/",
    "https://\\127.0.0.1/",
    "https://example.com/a\\..\\b",
    "https://example.com?\\",
    "\\\\example.com\\share",
]

_UNICODE = [
    "https://１２７.０.０.１/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://127.0.0。1/",
    "https://127｡0｡0｡1/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "https://ｅxample.com/",
    "https://exam\u00adple.com/",
    "https://exam\u200bple.com/",
    "https://exam\u2060ple.com/",
    "https://\ufeffexample.com/",
    "https://example.com\u202e/",
    "https://example\u3002com/",
    "https://example\uff0ecom/",
    "https://example.com\uff0f@127.0.0.1/",
    "https://example.com\u2044x/",
    "https://example.com\uff20127.0.0.1/",
    "https://bücher.example/",
    "https://пример.рф/",
    "https://例え.jp/",
    "https://example.com:４４３/",
    "https://example.com/\ud800",
    "https://example.com/\u2028",
    "https://example.com/\u2029x",
    "ｈttps://example.com/",
    "https://K\u212axample.com/",
]

_PORTS = [
    f"https://example.com:{port}/"
    for port in """
    0 00 000443 0443 +443 -443 443a a 0x1bb 65536 99999 443443 1 21 22 23 25 53 110 111 135 139 143 389
    445 465 587 636 873 993 1433 1521 2049 2375 2376 2379 3000 3128 3306 3389 4369 5000 5432 5672 5900
    5984 6379 6443 7001 8000 8001 8005 8009 8080 8086 8103 8443 8500 8888 9000 9042 9090 9092 9200 9300
    10250 11211 15672 27017 50070 61616
""".split()
] + [
    "https://example.com:/",
    "https://example.com:443:443/",
    "https://example.com::443/",
    "https://[2606:4700::1111]443/",
]

_NAMES = [
    f"https://{name}/"
    for name in """
    localhost LOCALHOST localhost. localhost.localdomain.local foo.localhost ip6-localhost intranet
    metadata kubernetes postgres valkey printer.local db.internal metadata.google.internal
    instance-data.ec2.internal wiki.corp wiki.intranet nas.lan router.home router.home.arpa hidden.onion
    case.test example.com. example..com .example.com example.com.. -example.com example-.com
    ex%61mple.com %6c%6f%63alhost example.com%00.evil.org example.com%2f.evil.org example.com%09
    [example.com] [127.0.0.1] [::1 ::1] [::1] [::ffff:127.0.0.1] [fe80::1%25eth0] [fe80::1%eth0] [::1]]
    [[::1]] [v1.fe80::a] [1:2:3] [::1::] [12345::1] [:::1] [] exa*mple.com exa(mple.com exa{mple}.com
    exa|mple.com exa^mple.com exa`mple.com exa"mple.com exa<mple.com exa'mple.com exa~mple.com
    exa!mple.com
""".split()
] + [f"https://{'a' * 64}.com/", f"https://{'a.' * 127}com/", "https://example.com/" + "a" * 8192]

_CONTROLS = [
    template.format(chr(code))
    for code in (*range(0x21), 0x7F, 0x80, 0x85, 0xA0)
    for template in ("https://exam{}ple.com/", "https://example.com/a{}b", "{}https://example.com/")
]

URLS: tuple[str, ...] = (
    *(f"https://{ip}/" for ip in V4_NOT_PUBLIC),
    *(f"https://[{ip}]/" for ip in V6_NOT_PUBLIC),
    *(f"https://{ip}/" for ip in _SPELLINGS),
    *_SCHEMES,
    *_USERINFO,
    *_BACKSLASHES,
    *_UNICODE,
    *_PORTS,
    *_NAMES,
    *_CONTROLS,
)
