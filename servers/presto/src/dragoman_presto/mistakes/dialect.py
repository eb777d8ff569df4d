"""Words and marks of other databases, and how Presto says the same."""

from collections.abc import Mapping, Sequence

from dragoman_presto.gate.lexer import Token

FUNCTIONS: Mapping[str, str] = {
    "any_value": "arbitrary(x)",
    "array_length": "cardinality(x)",
    "array_size": "cardinality(x)",
    "array_to_string": "array_join(x, ',')",
    "charindex": "strpos(text, part)",
    "collect_list": "array_agg(x)",
    "collect_set": "array_distinct(array_agg(x))",
    "concat_ws": "array_join(ARRAY[a, b], ',')",
    "countif": "count_if(condition)",
    "curdate": "current_date",
    "date_sub": "date_add('day', -n, x)",
    "dateadd": "date_add('day', n, x)",
    "datediff": "date_diff('day', earlier, later)",
    "datename": "date_format(x, '%W')",
    "datepart": "extract(year FROM x)",
    "decode": "CASE x WHEN a THEN b END",
    "explode": "CROSS JOIN UNNEST(x) AS t (item)",
    "first": "min_by(x, ordering)",
    "generate_series": "sequence(first, last)",
    "get_json_object": "json_extract_scalar(x, '$.key')",
    "getdate": "current_timestamp",
    "group_concat": "array_join(array_agg(x), ',')",
    "hex": "to_hex(x)",
    "ifnull": "coalesce(x, y)",
    "iff": "if(condition, x, y)",
    "instr": "strpos(text, part)",
    "isnull": "x IS NULL, or coalesce(x, y)",
    "last": "max_by(x, ordering)",
    "last_day": "date_add('day', -1, date_add('month', 1, date_trunc('month', x)))",
    "left": "substr(x, 1, n)",
    "len": "length(x)",
    "listagg": "array_join(array_agg(x ORDER BY y), ',')",
    "locate": "strpos(text, part)",
    "median": "approx_percentile(x, 0.5)",
    "mid": "substr(x, start, length)",
    "months_between": "date_diff('month', earlier, later)",
    "nvl": "coalesce(x, y)",
    "nvl2": "if(x IS NOT NULL, y, z)",
    "percentile_cont": "approx_percentile(x, fraction)",
    "regexp_matches": "regexp_like(x, pattern)",
    "regexp_substr": "regexp_extract(x, pattern)",
    "right": "substr(x, -n)",
    "safe_cast": "TRY_CAST(x AS type)",
    "safe_divide": "TRY(x / y)",
    "size": "cardinality(x)",
    "str_to_date": "date_parse(x, '%Y-%m-%d')",
    "strftime": "date_format(x, '%Y-%m-%d')",
    "string_agg": "array_join(array_agg(x), ',')",
    "string_to_array": "split(x, ',')",
    "substring_index": "split_part(x, ',', n)",
    "sysdate": "current_timestamp",
    "timestampdiff": "date_diff('second', earlier, later)",
    "to_char": "date_format(x, '%Y-%m-%d')",
    "to_date": "CAST(x AS date), or date_parse(x, '%Y-%m-%d')",
    "to_number": "CAST(x AS decimal(18, 2))",
    "to_timestamp": "date_parse(x, '%Y-%m-%d %H:%i:%s')",
    "unix_timestamp": "to_unixtime(x)",
    "zeroifnull": "coalesce(x, 0)",
}

TYPES: Mapping[str, str] = {
    "bool": "boolean",
    "byteint": "tinyint",
    "bytea": "varbinary",
    "bytes": "varbinary",
    "blob": "varbinary",
    "clob": "varchar",
    "datetime": "timestamp",
    "float4": "real",
    "float64": "double",
    "float8": "double",
    "int2": "smallint",
    "int4": "integer",
    "int64": "bigint",
    "int8": "bigint",
    "long": "bigint",
    "number": "decimal(38, 9)",
    "numeric": "decimal(38, 9)",
    "nvarchar": "varchar",
    "signed": "bigint",
    "string": "varchar",
    "struct": "row",
    "text": "varchar",
    "timestamptz": "timestamp with time zone",
    "unsigned": "bigint",
}

_OPERATORS: Mapping[str, str] = {
    "ILIKE": "ILIKE does not exist: write lower(x) LIKE lower('…').",
    "RLIKE": "RLIKE does not exist: write regexp_like(x, '…').",
    "REGEXP": "REGEXP does not exist: write regexp_like(x, '…').",
    "SIMILAR": "SIMILAR TO does not exist: write regexp_like(x, '…').",
    "QUALIFY": "QUALIFY does not exist: filter the window function's column in an outer query.",
    "LATERAL": "LATERAL VIEW does not exist: write CROSS JOIN UNNEST(x) AS t (item).",
    "PIVOT": "PIVOT does not exist: write sum(CASE WHEN … THEN … END) for each column.",
    "DIV": "DIV does not exist: / of two integers is whole.",
    "XOR": "XOR does not exist: write (a AND NOT b) OR (b AND NOT a).",
}


def foreign_words(tokens: Sequence[Token], at: int) -> str:
    """What another database's word or mark before or at the place `at` should be, or ""."""
    here = next((n for n, token in enumerate(tokens) if token.start >= at), len(tokens))
    window = list(tokens[max(0, here - 2) : here + 1])
    words = [token.text for token in window]
    here_word = tokens[here].text if here < len(tokens) else ""
    before = tokens[here - 1].text if here else ""
    pairs = {
        ("TOP", "number"): "TOP does not exist: write LIMIT at the end.",
        ("DISTINCT", "ON"): "DISTINCT ON does not exist: use row_number() in a subquery, or "
        "max_by(x, ordering) with GROUP BY.",
        ("=", "="): "Equality is one =.",
        ("&", "&"): "Write AND.",
        ("EXCEPT", "("): "SELECT * EXCEPT does not exist: name the columns.",
        ("EXCLUDE", "("): "SELECT * EXCLUDE does not exist: name the columns.",
        (",", "FROM"): "Take out the comma before FROM.",
        ("INTERVAL", "number"): "Quote the number: INTERVAL '1' DAY.",
    }
    kind = "number" if here < len(tokens) and tokens[here].kind == "number" else here_word
    if (before, kind) in pairs:
        return pairs[before, kind]
    if here_word == "," and "LIMIT" in words:
        return "LIMIT takes one number: page with get_result instead of LIMIT a, b."
    if here_word == "OFFSET" and "LIMIT" in {token.text for token in tokens[:here]}:
        return "OFFSET comes before LIMIT, and many clusters refuse it: page with get_result."
    if here_word == ";":
        return "Send one statement, without a semicolon inside."
    return next((_OPERATORS[word] for word in reversed(words) if word in _OPERATORS), "")
