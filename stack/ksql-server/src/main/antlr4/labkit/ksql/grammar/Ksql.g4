// The language, written after ksqlDB's public reference: what this server understands of it.
grammar Ksql;

options { caseInsensitive = true; }

single : statement ';' EOF ;

statement
    : query                                                                                 # select
    | CREATE (OR REPLACE)? SOURCE? kind ifNotExists? source elements? with?                 # createSource
    | CREATE (OR REPLACE)? kind ifNotExists? source with? AS query                          # createAs
    | INSERT INTO source with? query                                                        # insertSelect
    | INSERT INTO source ('(' identifier (',' identifier)* ')')?
        VALUES '(' expression (',' expression)* ')'                                         # insertValues
    | DROP kind (IF EXISTS)? source (DELETE TOPIC)?                                         # drop
    | TERMINATE (ALL | QUERY? identifier)                                                   # terminate
    | PAUSE (ALL | QUERY? identifier)                                                       # pause
    | RESUME (ALL | QUERY? identifier)                                                      # resume
    | SET STRING '=' STRING                                                                 # set
    | UNSET STRING                                                                          # unset
    | DEFINE identifier '=' STRING                                                          # define
    | UNDEFINE identifier                                                                   # undefine
    | (SHOW | LIST) ALL? subject EXTENDED?                                                  # show
    | DESCRIBE FUNCTION identifier                                                          # describeFunction
    | DESCRIBE (STREAMS | TABLES) EXTENDED?                                                 # describeAll
    | DESCRIBE source EXTENDED?                                                             # describe
    | EXPLAIN (statement | identifier)                                                      # explain
    | PRINT (identifier | STRING) (FROM BEGINNING)? ((INTERVAL | SAMPLE) INTEGER)?
        (LIMIT INTEGER)?                                                                    # print
    ;

kind : STREAM | TABLE ;

subject : STREAMS | TABLES | TOPICS | QUERIES | PROPERTIES | FUNCTIONS | VARIABLES ;

ifNotExists : IF NOT EXISTS ;

source : identifier ;

elements : '(' element (',' element)* ')' ;

element : identifier type ((PRIMARY? KEY) | HEADERS)? ;

with : WITH '(' (property (',' property)*)? ')' ;

property : (identifier | STRING) '=' literal ;

type
    : ARRAY '<' type '>'                                                                    # arrayType
    | MAP '<' type ',' type '>'                                                             # mapType
    | STRUCT '<' (identifier type (',' identifier type)*)? '>'                              # structType
    | identifier ('(' INTEGER (',' INTEGER)? ')')?                                          # namedType
    ;

query
    : SELECT item (',' item)*
      FROM from
      (WINDOW window)?
      (WHERE where=expression)?
      (GROUP BY groupBy=expressions)?
      (PARTITION BY partitionBy=expressions)?
      (HAVING having=expression)?
      (EMIT (CHANGES | FINAL))?
      (LIMIT limit=INTEGER)?
    ;

expressions : expression (',' expression)* | '(' (expression (',' expression)*)? ')' ;

item
    : '*'                                                                                   # all
    | identifier '.' '*'                                                                    # allOf
    | primary '->' '*'                                                                      # allFields
    | expression (AS? identifier)?                                                          # column
    ;

from : relation join* ;

relation : source (AS? identifier)? ;

join : (INNER | (LEFT | RIGHT | FULL) OUTER?)? JOIN relation within? ON expression ;

within : WITHIN (duration | '(' duration ',' duration ')') (GRACE PERIOD duration)? ;

window
    : TUMBLING '(' SIZE duration windowEnd ')'                                              # tumbling
    | HOPPING '(' SIZE duration ',' ADVANCE BY duration windowEnd ')'                       # hopping
    | SESSION '(' duration windowEnd ')'                                                    # session
    ;

windowEnd : (',' RETENTION retention=duration)? (',' GRACE PERIOD grace=duration)? ;

duration : INTEGER unit ;

unit : DAY | DAYS | HOUR | HOURS | MINUTE | MINUTES | SECOND | SECONDS | MILLISECOND | MILLISECONDS ;

expression
    : NOT expression                                                                        # not
    | left=expression AND right=expression                                                  # and
    | left=expression OR right=expression                                                   # or
    | predicate                                                                             # truth
    ;

predicate
    : value                                                                                 # plain
    | left=value comparison right=value                                                     # compare
    | value NOT? BETWEEN lower=value AND upper=value                                        # between
    | value NOT? IN '(' expression (',' expression)* ')'                                    # in
    | value NOT? LIKE pattern=value (ESCAPE STRING)?                                        # like
    | value IS NOT? NULL                                                                    # isNull
    | left=value IS NOT? DISTINCT FROM right=value                                          # distinct
    ;

comparison : '=' | '<>' | '!=' | '<' | '<=' | '>' | '>=' ;

value
    : primary                                                                               # simple
    | sign=('-' | '+') value                                                                # signed
    | left=value operator=('*' | '/' | '%') right=value                                     # arithmetic
    | left=value operator=('+' | '-' | '||') right=value                                           # arithmetic
    ;

primary
    : literal                                                                               # constant
    | CASE operand=expression? (WHEN expression THEN expression)+ (ELSE otherwise=expression)? END # case
    | CAST '(' expression AS type ')'                                                       # cast
    | ARRAY '[' (expression (',' expression)*)? ']'                                         # arrayOf
    | MAP '(' (expression ':=' expression (',' expression ':=' expression)*)? ')'           # mapOf
    | STRUCT '(' (identifier ':=' expression (',' identifier ':=' expression)*)? ')'        # structOf
    | identifier '(' '*' ')'                                                                # call
    | identifier '(' (argument (',' argument)*)? ')'                                        # call
    | (identifier '.')? identifier                                                          # reference
    | primary '->' identifier                                                               # field
    | primary '[' value ']'                                                                 # subscript
    | '(' expression ')'                                                                    # parentheses
    ;

argument : expression | lambda ;

lambda : (identifier | '(' identifier (',' identifier)* ')') '=>' expression ;

literal
    : NULL                                                                                  # nullLiteral
    | (TRUE | FALSE)                                                                        # booleanLiteral
    | STRING                                                                                # stringLiteral
    | ('-' | '+')? INTEGER                                                                  # integerLiteral
    | ('-' | '+')? DECIMAL                                                                  # decimalLiteral
    | ('-' | '+')? FLOATING                                                                 # floatLiteral
    ;

identifier
    : IDENTIFIER                                                                            # unquoted
    | unreserved                                                                            # unquoted
    | QUOTED                                                                                # quoted
    | DIGITS_FIRST                                                                          # digitsFirst
    ;

// Keywords that may also be names. Not LEFT and RIGHT: in "FROM a LEFT JOIN b" they would be a's alias.
unreserved
    : ADVANCE | ALL | ARRAY | BEGINNING | CHANGES | DAY | DAYS | DEFINE | DISTINCT | EMIT | ESCAPE | EXISTS
    | EXPLAIN | EXTENDED | FINAL | FUNCTION | FUNCTIONS | GRACE | HEADERS | HOPPING | HOUR | HOURS | IF
    | INTERVAL | KEY | LIST | MAP | MILLISECOND | MILLISECONDS | MINUTE | MINUTES | PAUSE | PERIOD | PRIMARY
    | PRINT | PROPERTIES | QUERIES | QUERY | REPLACE | RESUME | RETENTION | SAMPLE | SECOND | SECONDS | SESSION
    | SET | SHOW | SIZE | SOURCE | STREAM | STREAMS | STRUCT | TABLE | TABLES | TERMINATE | TOPIC | TOPICS
    | TUMBLING | UNDEFINE | UNSET | VARIABLES | VALUES | DELETE
    ;

ADVANCE : 'ADVANCE' ;           ALL : 'ALL' ;                   AND : 'AND' ;
ARRAY : 'ARRAY' ;               AS : 'AS' ;                     BEGINNING : 'BEGINNING' ;
BETWEEN : 'BETWEEN' ;           BY : 'BY' ;                     CASE : 'CASE' ;
CAST : 'CAST' ;                 CHANGES : 'CHANGES' ;           CREATE : 'CREATE' ;
DAY : 'DAY' ;                   DAYS : 'DAYS' ;                 DEFINE : 'DEFINE' ;
DELETE : 'DELETE' ;             DESCRIBE : 'DESCRIBE' ;         DISTINCT : 'DISTINCT' ;
DROP : 'DROP' ;                 ELSE : 'ELSE' ;                 EMIT : 'EMIT' ;
END : 'END' ;                   ESCAPE : 'ESCAPE' ;             EXISTS : 'EXISTS' ;
EXPLAIN : 'EXPLAIN' ;           EXTENDED : 'EXTENDED' ;         FALSE : 'FALSE' ;
FINAL : 'FINAL' ;               FROM : 'FROM' ;                 FULL : 'FULL' ;
FUNCTION : 'FUNCTION' ;         FUNCTIONS : 'FUNCTIONS' ;       GRACE : 'GRACE' ;
GROUP : 'GROUP' ;               HAVING : 'HAVING' ;             HEADERS : 'HEADERS' ;
HOPPING : 'HOPPING' ;           HOUR : 'HOUR' ;                 HOURS : 'HOURS' ;
IF : 'IF' ;                     IN : 'IN' ;                     INNER : 'INNER' ;
INSERT : 'INSERT' ;             INTERVAL : 'INTERVAL' ;         INTO : 'INTO' ;
IS : 'IS' ;                     JOIN : 'JOIN' ;                 KEY : 'KEY' ;
LEFT : 'LEFT' ;                 LIKE : 'LIKE' ;                 LIMIT : 'LIMIT' ;
LIST : 'LIST' ;                 MAP : 'MAP' ;                   MILLISECOND : 'MILLISECOND' ;
MILLISECONDS : 'MILLISECONDS' ; MINUTE : 'MINUTE' ;             MINUTES : 'MINUTES' ;
NOT : 'NOT' ;                   NULL : 'NULL' ;                 ON : 'ON' ;
OR : 'OR' ;                     OUTER : 'OUTER' ;               PARTITION : 'PARTITION' ;
PAUSE : 'PAUSE' ;               PERIOD : 'PERIOD' ;             PRIMARY : 'PRIMARY' ;
PRINT : 'PRINT' ;               PROPERTIES : 'PROPERTIES' ;     QUERIES : 'QUERIES' ;
QUERY : 'QUERY' ;               REPLACE : 'REPLACE' ;           RESUME : 'RESUME' ;
RETENTION : 'RETENTION' ;       RIGHT : 'RIGHT' ;               SAMPLE : 'SAMPLE' ;
SECOND : 'SECOND' ;             SECONDS : 'SECONDS' ;           SELECT : 'SELECT' ;
SESSION : 'SESSION' ;           SET : 'SET' ;                   SHOW : 'SHOW' ;
SIZE : 'SIZE' ;                 SOURCE : 'SOURCE' ;             STREAM : 'STREAM' ;
STREAMS : 'STREAMS' ;           STRUCT : 'STRUCT' ;             TABLE : 'TABLE' ;
TABLES : 'TABLES' ;             TERMINATE : 'TERMINATE' ;       THEN : 'THEN' ;
TOPIC : 'TOPIC' ;               TOPICS : 'TOPICS' ;             TRUE : 'TRUE' ;
TUMBLING : 'TUMBLING' ;         UNDEFINE : 'UNDEFINE' ;         UNSET : 'UNSET' ;
VALUES : 'VALUES' ;             VARIABLES : 'VARIABLES' ;       WHEN : 'WHEN' ;
WHERE : 'WHERE' ;               WINDOW : 'WINDOW' ;             WITH : 'WITH' ;
WITHIN : 'WITHIN' ;

STRING : '\'' (~'\'' | '\'\'')* '\'' ;
QUOTED : '`' (~'`' | '``')* '`' | '"' (~'"' | '""')* '"' ;
INTEGER : DIGIT+ ;
DECIMAL : DIGIT+ '.' DIGIT* | '.' DIGIT+ ;
FLOATING : DIGIT+ ('.' DIGIT*)? EXPONENT | '.' DIGIT+ EXPONENT ;
IDENTIFIER : (LETTER | '_') (LETTER | DIGIT | '_' | '@')* ;
DIGITS_FIRST : DIGIT (LETTER | DIGIT | '_' | '@')+ ;

fragment EXPONENT : 'E' [+-]? DIGIT+ ;
fragment DIGIT : [0-9] ;
fragment LETTER : [A-Z] ;

LINE_COMMENT : '--' ~[\r\n]* -> channel(HIDDEN) ;
BLOCK_COMMENT : '/*' .*? '*/' -> channel(HIDDEN) ;
SPACE : [ \r\n\t]+ -> channel(HIDDEN) ;
ANYTHING_ELSE : . ;
