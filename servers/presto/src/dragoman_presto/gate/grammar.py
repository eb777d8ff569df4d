"""The part of Presto's grammar that changes nothing: queries, SHOW and DESCRIBE.

Source: SqlBase.g4, 0.29x to 0.300; what an older server lacks, it refuses itself.
"""

from collections.abc import Sequence
from functools import cache

from dragoman_presto.gate.lexer import Token
from dragoman_presto.gate.notation import Grammar, read_rules

_RESERVED = """
ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_DATE CURRENT_TIME
CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT
EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS
JOIN LEFT LIKE LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE
RECURSIVE RIGHT ROLLUP SELECT TABLE THEN TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH
"""

RESERVED = frozenset(_RESERVED.split())

TEXT = """
query = [ WITH [ RECURSIVE ] named { ',' named } ] body
named = @name [ names ] AS '(' query ')'
names = '(' @name { ',' @name } ')'
body = term { set_operator term } [ order ]
  [ OFFSET @integer [ ROW | ROWS ] ] [ LIMIT ( @integer | ALL ) | FETCH FIRST @integer ROWS ONLY ]
set_operator = ( UNION | INTERSECT | EXCEPT ) [ ALL | DISTINCT ]
term = select | TABLE path | VALUES expression { ',' expression } | '(' body ')'
select = SELECT [ ALL | DISTINCT ] item { ',' item } [ FROM relation { ',' relation } ]
  [ WHERE expression ] [ GROUP BY [ ALL | DISTINCT ] grouping { ',' grouping } ]
  [ HAVING expression ]
item = expression [ [ AS ] @name ] | path '.' '*' | '*'
grouping = ( ROLLUP | CUBE ) '(' [ expressions ] ')'
  | GROUPING SETS '(' grouping_set { ',' grouping_set } ')' | grouping_set
grouping_set = '(' [ expressions ] ')' | expression
order = ORDER BY sort { ',' sort }
sort = expression [ ASC | DESC ] [ NULLS ( FIRST | LAST ) ]
relation = sampled { join }
join = CROSS JOIN sampled | side JOIN relation ( ON expression | USING names )
  | NATURAL side JOIN sampled
side = [ INNER | ( LEFT | RIGHT | FULL ) [ OUTER ] ]
sampled = primary_relation [ [ AS ] @name [ names ] ]
  [ TABLESAMPLE ( BERNOULLI | SYSTEM ) '(' expression ')' ]
primary_relation = path [ version ] | '(' query ')' | '(' relation ')' | LATERAL '(' query ')'
  | UNNEST '(' expressions ')' [ WITH ORDINALITY ]
version = FOR ( SYSTEM_TIME | SYSTEM_VERSION | TIMESTAMP | VERSION ) ( AS OF | BEFORE ) value
expressions = expression { ',' expression }
expression = condition { ( AND | OR ) condition }
condition = { NOT } value [ predicate ]
predicate = compare value | compare ( ALL | SOME | ANY ) '(' query ')'
  | [ NOT ] BETWEEN value AND value | [ NOT ] IN '(' ( expressions | query ) ')'
  | [ NOT ] LIKE value [ ESCAPE value ] | IS [ NOT ] NULL | IS [ NOT ] DISTINCT FROM value
compare = '=' | '<>' | '!=' | '<' | '<=' | '>' | '>='
value = operand { ( '+' | '-' | '*' | '/' | '%' | '||' ) operand }
operand = { '+' | '-' } primary { '.' @name | '[' value ']' } { AT TIME ZONE ( string | interval ) }
primary = NULL | TRUE | FALSE | '?' | @number | string | @binary | interval | constructor
  | special | call | lambda | case | nested | @name
constructor = @name string | DOUBLE PRECISION string | ROW '(' expressions ')'
  | ARRAY '[' [ expressions ] ']'
nested = '(' query ')' | '(' expressions ')' | EXISTS '(' query ')'
lambda = @name '->' expression | '(' [ @name { ',' @name } ] ')' '->' expression
case = CASE [ value ] when { when } [ ELSE expression ] END
when = WHEN expression THEN expression
call = path '(' '*' ')' [ filter ] [ over ]
  | path '(' [ [ ALL | DISTINCT ] expressions ] [ order ] ')' [ filter ]
  [ [ ( IGNORE | RESPECT ) NULLS ] over ]
filter = FILTER '(' WHERE expression ')'
over = OVER '(' [ PARTITION BY expressions ] [ order ] [ frame ] ')'
frame = ( RANGE | ROWS | GROUPS ) ( bound | BETWEEN bound AND bound )
bound = UNBOUNDED ( PRECEDING | FOLLOWING ) | CURRENT ROW | expression ( PRECEDING | FOLLOWING )
special = CURRENT_DATE | CURRENT_USER | NORMALIZE '(' value [ ',' ( NFD | NFC | NFKD | NFKC ) ] ')'
  | ( CURRENT_TIME | CURRENT_TIMESTAMP | LOCALTIME | LOCALTIMESTAMP ) [ '(' @integer ')' ]
  | ( CAST | TRY_CAST ) '(' expression AS type ')' | EXTRACT '(' @name FROM value ')'
  | POSITION '(' value IN value ')' | SUBSTRING '(' value FROM value [ FOR value ] ')'
  | GROUPING '(' path { ',' path } ')'
interval = INTERVAL [ '+' | '-' ] string field [ TO field ]
field = YEAR | MONTH | DAY | HOUR | MINUTE | SECOND
string = @string | @unicode [ UESCAPE @string ]
type = ( named_type | ARRAY '<' type '>' | MAP '<' type ',' type '>'
  | ROW '(' @name type { ',' @name type } ')' | INTERVAL field TO field ) { ARRAY }
named_type = ( path | DOUBLE PRECISION | ( TIME | TIMESTAMP ) WITH TIME ZONE )
  [ '(' ( @integer | type ) { ',' ( @integer | type ) } ')' ]
path = @name { '.' @name }
metadata = SHOW show | ( DESCRIBE | DESC ) path
show = CREATE ( TABLE | SCHEMA | VIEW | MATERIALIZED VIEW ) path
  | CREATE FUNCTION path [ '(' [ type { ',' type } ] ')' ]
  | TABLES [ ( FROM | IN ) path ] [ like ] | SCHEMAS [ ( FROM | IN ) @name ] [ like ]
  | ( CATALOGS | FUNCTIONS | SESSION ) [ like ] | COLUMNS ( FROM | IN ) path
  | STATS FOR ( path | '(' select ')' ) | [ CURRENT ] ROLES [ ( FROM | IN ) @name ]
  | ROLE GRANTS [ ( FROM | IN ) @name ] | GRANTS [ ON [ TABLE ] path ]
like = LIKE string [ ESCAPE string ]
analyze = ANALYZE path [ WITH '(' property { ',' property } ')' ]
property = @name '=' expression
"""


@cache
def presto() -> Grammar:
    return Grammar(read_rules(TEXT))


def is_grammatical(rule: str, tokens: Sequence[Token]) -> bool:
    """Whether Presto reads the tokens as that rule. Raises RecursionError."""
    return presto().matches(rule, [_keys(token) for token in tokens])


def first_unread(rule: str, tokens: Sequence[Token]) -> int:
    """The number of the token at which the rule reads no further."""
    return presto().furthest(rule, [_keys(token) for token in tokens])


def is_plain_name(token: Token) -> bool:
    """An unquoted word that Presto takes for a name: ASCII, without the letters it forbids."""
    text = token.text
    return token.kind == "word" and text.isascii() and "@" not in text and ":" not in text


def _keys(token: Token) -> frozenset[str]:
    """Everything that the token may stand for."""
    kind, text, _ = token
    if kind == "word":
        named = is_plain_name(token) and text not in RESERVED
        return frozenset({text, "@name"}) if named else frozenset({text})
    if kind == "quoted":
        return frozenset({"@name"})
    if kind == "number":
        return frozenset({"@number", "@integer"}) if text.isdigit() else frozenset({"@number"})
    return frozenset({text if kind == "operator" else f"@{kind}"})
