/// One kind of syntax fault: how libyaml words it (scanner.c, parser.c), and how we do.
struct YAMLProblem {
    /// A part of libyaml's problem text.
    let part: String
    /// What was found or expected, and what to do.
    let sentence: String
    /// True when the fault is better seen where the construct begins than where it was noticed.
    var isAtContext = false

    static let other = YAMLProblem(
        part: "",
        sentence: "this is not YAML: found something that can't stand here"
    )

    /// The first match wins, so the narrower text comes first.
    static let all = [
        YAMLProblem(
            part: "cannot start any token",
            sentence: "found a character that can't begin a value (a tab, `@`, `%` or a backtick);"
                + " indent with spaces, quote text"
        ),
        YAMLProblem(
            part: "tab character",
            sentence: "found a tab, expected spaces for indentation"
        ),
        YAMLProblem(
            part: "mapping values are not allowed",
            sentence: "found `:` where no key can be; check the indentation, or quote the text"
        ),
        YAMLProblem(
            part: "mapping keys are not allowed",
            sentence: "found a key where none can be; check the indentation"
        ),
        YAMLProblem(
            part: "block sequence entries are not allowed",
            sentence: "found `- ` where no list can be; check the indentation"
        ),
        YAMLProblem(
            part: "expected ':'",
            sentence: "found a key without `:`, or a line indented too little",
            isAtContext: true
        ),
        YAMLProblem(
            part: "expected key",
            sentence: "expected a key; check the indentation of this line and the ones above"
        ),
        YAMLProblem(
            part: "expected '-'",
            sentence: "expected `- `, or less indentation"
        ),
        YAMLProblem(
            part: "expected ',' or ']'",
            sentence: "this list is not closed, expected `,` or `]` in it",
            isAtContext: true
        ),
        YAMLProblem(
            part: "expected ',' or '}'",
            sentence: "this mapping is not closed, expected `,` or `}` in it",
            isAtContext: true
        ),
        YAMLProblem(
            part: "expected node content",
            sentence: "found punctuation where a value was expected"
        ),
        YAMLProblem(
            part: "unexpected end of stream",
            sentence: "this quoted text is not closed",
            isAtContext: true
        ),
        YAMLProblem(
            part: "unexpected document indicator",
            sentence: "this quoted text is not closed before `---` or `...`",
            isAtContext: true
        ),
        YAMLProblem(
            part: "unknown escape character",
            sentence: "found an escape that YAML does not know in a quoted text"
        ),
        YAMLProblem(
            part: "expected hexdecimal number",
            sentence: "found an escape without its hexadecimal digits"
        ),
        YAMLProblem(
            part: "invalid Unicode character escape",
            sentence: "found an escape that is no character of Unicode"
        ),
        YAMLProblem(
            part: "alphabetic or numeric character",
            sentence: "found `&` or `*` at the start of a value; quote the text",
            isAtContext: true
        ),
        YAMLProblem(
            part: "tag",
            sentence: "found a tag (`!`); tags are not allowed, quote the text"
        ),
        YAMLProblem(
            part: "document start",
            sentence: "found a second value behind the first, expected the end of the file"
        ),
    ]
}
