/// What the words of a user agent say about it.
struct AgentMarks: OptionSet, Sendable {
    let rawValue: UInt32
    init(rawValue: UInt32) { self.rawValue = rawValue }

    static let bot = AgentMarks(rawValue: 1)
    static let tool = AgentMarks(rawValue: 1 << 1)
    static let edge = AgentMarks(rawValue: 1 << 2)
    static let opera = AgentMarks(rawValue: 1 << 3)
    static let samsung = AgentMarks(rawValue: 1 << 4)
    static let ucBrowser = AgentMarks(rawValue: 1 << 5)
    static let yandex = AgentMarks(rawValue: 1 << 6)
    static let vivaldi = AgentMarks(rawValue: 1 << 7)
    static let explorer = AgentMarks(rawValue: 1 << 8)
    static let firefox = AgentMarks(rawValue: 1 << 9)
    static let chrome = AgentMarks(rawValue: 1 << 10)
    static let version = AgentMarks(rawValue: 1 << 11)
    static let safari = AgentMarks(rawValue: 1 << 12)
    static let windows = AgentMarks(rawValue: 1 << 13)
    static let ios = AgentMarks(rawValue: 1 << 14)
    static let mac = AgentMarks(rawValue: 1 << 15)
    static let android = AgentMarks(rawValue: 1 << 16)
    static let chromeOS = AgentMarks(rawValue: 1 << 17)
    static let linux = AgentMarks(rawValue: 1 << 18)
    /// The network library of Apple's systems, which names neither telephone nor computer.
    static let appleNetwork = AgentMarks(rawValue: 1 << 19)
    /// A processor that only Apple's computers have.
    static let intel = AgentMarks(rawValue: 1 << 20)
}

/// The words that are searched for in user agents.
enum AgentWords {
    /// The short list that takes every agent for the browser it names.
    static let asBrowsers: [WordSearch.Word] = list([
        (.edge, ["Edg"]),
        (.opera, ["OPR/"]),
        (.samsung, ["SamsungBrowser/"]),
        (.firefox, ["Firefox/", "FxiOS/"]),
        (.chrome, ["Chrome/", "CriOS/"]),
        (.version, ["Version/"]),
        (.safari, ["Safari/"]),
        (.windows, ["Windows"]),
        (.ios, ["iPhone", "iPad"]),
        (.mac, ["Mac OS X"]),
        (.android, ["Android"]),
        (.chromeOS, ["CrOS"]),
        (.linux, ["Linux"]),
    ])

    /// The full list. An agent that gives the address of a web page is a robot: browsers do not.
    static let apart: [WordSearch.Word] =
        botWords + asBrowsers
        + list([
            (
                .bot,
                ["crawl", "Crawl", "spider", "Spider", "slurp", "Slurp", "http://", "https://"]
            ),
            (.bot, ["www.", "facebookexternalhit", "Mediapartners", "BingPreview", "ia_archiver"]),
            (.bot, ["HeadlessChrome", "PhantomJS", "Lighthouse", "Pingdom", "StatusCake"]),
            (.bot, ["Site24x7", "check_http", "Scrapy", "zgrab", "masscan", "Nmap", "nikto"]),
            (
                .bot,
                ["Feedfetcher", "FeedFetcher", "Google-", "Validator", "validator", "archiver"]
            ),
            (.bot, ["Pinger", "Monitor", "SPIDER", "CRAWL", "PTST/"]),
            (.tool, ["curl/", "Wget", "wget", "python-requests", "Python-urllib", "Python/"]),
            (.tool, ["python-httpx", "aiohttp", "Go-http-client", "Java/", "okhttp", "libwww"]),
            (.tool, ["Apache-HttpClient", "axios/", "node-fetch", "PostmanRuntime", "HTTPie"]),
            (.tool, ["PowerShell", "Ruby", "PHP/", "GuzzleHttp", "Faraday", "Dart/", "lwp-"]),
            (.opera, ["Opera", "OPiOS/", "OPT/", "OPX/"]),
            (.ucBrowser, ["UCBrowser", "UCWEB", "UCMobile", "UBrowser/"]),
            (.yandex, ["YaBrowser/", "YaSearchBrowser/"]),
            (.vivaldi, ["Vivaldi/"]),
            (.explorer, ["MSIE ", "Trident/", "IEMobile"]),
            (.chrome, ["Chromium/"]),
            (.windows, ["WinNT", "Win98", "Win95", "Win32", "Win64"]),
            (.ios, ["iPod", "iOS"]),
            (.mac, ["Macintosh", "macOS", "Mac_PowerPC", "MacBook", "Macmini", "iMac"]),
            (.appleNetwork, ["CFNetwork/"]),
            (.intel, ["(x86_64)", "(i386)"]),
            (.android, ["android", "Silk/"]),
            (.linux, ["Ubuntu", "Debian", "Fedora"]),
        ])

    /// `bot` at the end of a word; `Cubot` is a maker of telephones.
    private static let botWords: [WordSearch.Word] = ["bot", "Bot", "BOT"].map {
        WordSearch.Word(
            $0,
            marks: AgentMarks.bot.rawValue,
            endsWord: true,
            notBehind: "cu"
        )
    }

    private static func list(_ entries: [(AgentMarks, [String])]) -> [WordSearch.Word] {
        entries.flatMap { marks, words in
            words.map { WordSearch.Word($0, marks: marks.rawValue) }
        }
    }
}
