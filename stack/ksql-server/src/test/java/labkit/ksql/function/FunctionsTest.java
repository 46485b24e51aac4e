package labkit.ksql.function;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each function returns, by the reference of ksqlDB 0.29. Results are written as JSON. */
class FunctionsTest {
    private static void check(String call, String expected) {
        assertEquals(expected, Evaluation.of(call).toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ABS(-5)                                        | 5
            ABS(-5000000000)                               | 5000000000
            ABS(-1.5e0)                                    | 1.5
            ABS(CAST(-1.50 AS DECIMAL(4, 2)))              | 1.50
            ABS(CAST(NULL AS INT))                         | null
            CEIL(2.1e0)                                    | 3.0
            CEIL(-2.9e0)                                   | -2.0
            CEIL(4)                                        | 4
            CEIL(CAST(1.23 AS DECIMAL(3, 2)))              | 2.00
            FLOOR(2.9e0)                                   | 2.0
            FLOOR(-2.1e0)                                  | -3.0
            FLOOR(CAST(-1.23 AS DECIMAL(3, 2)))            | -2.00
            ROUND(2.5e0)                                   | 3
            ROUND(-2.5e0)                                  | -2
            ROUND(-2.6e0)                                  | -3
            ROUND(7)                                       | 7
            ROUND(2.345e0, 2)                              | 2.35
            ROUND(-1.25e0, 1)                              | -1.2
            ROUND(1251e0, -2)                              | 1300.0
            ROUND(CAST(12.35 AS DECIMAL(4, 2)), 1)         | 12.40
            ROUND(CAST(12.50 AS DECIMAL(4, 2)))            | 13
            ROUND(CAST(12.5 AS DECIMAL(4, 2)), 5)          | 12.50
            ROUND(CAST(NULL AS DOUBLE))                    | null
            TRUNC(2.9e0)                                   | 2
            TRUNC(-2.9e0)                                  | -2
            TRUNC(2.987e0, 2)                              | 2.98
            TRUNC(1299e0, -2)                              | 1200.0
            TRUNC(CAST(12.39 AS DECIMAL(4, 2)), 1)         | 12.30
            TRUNC(CAST(12.99 AS DECIMAL(4, 2)))            | 12
            SIGN(-3)                                       | -1
            SIGN(0.0e0)                                    | 0
            SIGN(CAST(0.01 AS DECIMAL(3, 2)))              | 1
            SQRT(16)                                       | 4.0
            SQRT(-1)                                       | "NaN"
            CBRT(27)                                       | 3.0
            EXP(0)                                         | 1.0
            LN(1)                                          | 0.0
            LOG(1)                                         | 0.0
            LOG(2, 8)                                      | 3.0
            POWER(2, 10)                                   | 1024.0
            PI()                                           | 3.141592653589793
            SIN(0)                                         | 0.0
            COS(0)                                         | 1.0
            TAN(0)                                         | 0.0
            COT(0)                                         | "Infinity"
            ASIN(2)                                        | "NaN"
            ACOS(1)                                        | 0.0
            ATAN(0)                                        | 0.0
            ATAN2(0, 1)                                    | 0.0
            ROUND(ATAN2(1, 0), 4)                          | 1.5708
            SINH(0)                                        | 0.0
            COSH(0)                                        | 1.0
            TANH(0)                                        | 0.0
            DEGREES(PI())                                  | 180.0
            ROUND(RADIANS(180), 4)                         | 3.1416
            GREATEST(1, 3, 2)                              | 3
            GREATEST(NULL, 1, NULL)                        | 1
            GREATEST(1, 2.5e0)                             | 2.5
            GREATEST('a', 'B')                             | "a"
            GREATEST(CAST(NULL AS INT), CAST(NULL AS INT)) | null
            LEAST(1, NULL, -3)                             | -3
            LEAST('b', 'a', 'c')                           | "a"
            RANDOM() >= 0 AND RANDOM() < 1                 | true
            GENERATE_SERIES(1, 4)                          | [1,2,3,4]
            GENERATE_SERIES(4, 1)                          | [4,3,2,1]
            GENERATE_SERIES(3, 3)                          | [3]
            GENERATE_SERIES(1, 6, 2)                       | [1,3,5]
            GENERATE_SERIES(5, 1, -2)                      | [5,3,1]
            GENERATE_SERIES(5000000000, 5000000001)        | [5000000000,5000000001]
            ROUND(GEO_DISTANCE(0, 0, 0, 90))               | 10008
            ROUND(GEO_DISTANCE(0, 10, 90, 0, 'mi'))        | 6218
            ROUND(GEO_DISTANCE(51.5074, -0.1278, 48.8566, 2.3522)) | 344
            GEO_DISTANCE(1, 2, 1, 2, 'KM')                 | 0.0
            """)
    void numbers(String call, String expected) {
        check(call, expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            UCASE('kite')                              | "KITE"
            UCASE(CAST(NULL AS STRING))                | null
            LCASE('KITE')                              | "kite"
            LEN('kite')                                | 4
            LEN('')                                    | 0
            LEN(TO_BYTES('00ff', 'hex'))               | 2
            TRIM('  a b ')                             | "a b"
            INITCAP('the SLY  fox')                    | "The Sly  Fox"
            CONCAT('a', NULL, 'b')                     | "ab"
            CONCAT('a', 'b', 'c', 'd')                 | "abcd"
            CONCAT(TO_BYTES('aa', 'hex'), TO_BYTES('ff', 'hex')) | "qv8="
            CONCAT_WS(', ', 'apple', 'banana', NULL, 'date') | "apple, banana, date"
            CONCAT_WS(NULL, 'a', 'b')                  | null
            CONCAT_WS('-', NULL, NULL)                 | ""
            SUBSTRING('stream', 1, 4)                  | "stre"
            SUBSTRING('stream', 3)                     | "ream"
            SUBSTRING('stream', -3)                    | "eam"
            SUBSTRING('stream', -3, 2)                 | "ea"
            SUBSTRING('stream', -9)                    | "stream"
            SUBSTRING('stream', 9)                     | ""
            SUBSTRING('stream', 2, 99)                 | "tream"
            SUBSTRING('stream', 2, 0)                  | ""
            SUBSTRING('stream', CAST(NULL AS INT))     | null
            SUBSTRING(TO_BYTES('010203', 'hex'), 2)    | "AgM="
            INSTR('CORPORATE FLOOR', 'OR')             | 2
            INSTR('CORPORATE FLOOR', 'OR', 3)          | 5
            INSTR('CORPORATE FLOOR', 'OR', 3, 2)       | 14
            INSTR('CORPORATE FLOOR', 'OR', -3)         | 5
            INSTR('CORPORATE FLOOR', 'OR', -3, 2)      | 2
            INSTR('CORPORATE FLOOR', 'MISSING')        | 0
            INSTR('CORPORATE FLOOR', 'OR', 1, 9)       | 0
            REPLACE('foo.foo', 'foo', 'bar')           | "bar.bar"
            LPAD('Foo', 7, 'Bar')                      | "BarBFoo"
            LPAD('Foo', 2, 'Bar')                      | "Fo"
            LPAD('', 2, 'Bar')                         | "Ba"
            LPAD('123', 5, '0')                        | "00123"
            LPAD('123', -1, '0')                       | null
            LPAD('123', 5, '')                         | null
            RPAD('Foo', 7, 'Bar')                      | "FooBarB"
            RPAD('Foo', 2, 'Bar')                      | "Fo"
            RPAD('123', 5, NULL)                       | null
            LPAD(TO_BYTES('01', 'hex'), 2, TO_BYTES('ff', 'hex')) | "/wE="
            SPLIT('a,b', ',')                          | ["a","b"]
            SPLIT('ab', ',')                           | ["ab"]
            SPLIT('abc', '')                           | ["a","b","c"]
            SPLIT(',a,,b,', ',')                       | ["","a","","b",""]
            SPLIT('a.b', '.')                          | ["a","b"]
            SPLIT('', ',')                             | [""]
            SPLIT('a', CAST(NULL AS STRING))           | null
            SPLIT(TO_BYTES('012c02', 'hex'), TO_BYTES('2c', 'hex')) | ["AQ==","Ag=="]
            SPLIT_TO_MAP('apple:=green/cherry:=red', '/', ':=') | {"apple":"green","cherry":"red"}
            SPLIT_TO_MAP('a=1;a=2;b', ';', '=')        | {"a":"2"}
            SPLIT_TO_MAP('a=1', '', '=')               | null
            REGEXP_EXTRACT('[0-9]+', 'gate 12 row 7')  | "12"
            REGEXP_EXTRACT('(.*) (.*)', 'hello there', 2) | "there"
            REGEXP_EXTRACT('[0-9]', 'none')            | null
            REGEXP_EXTRACT('(a)', 'a', 5)              | null
            REGEXP_EXTRACT_ALL('[0-9]+', 'gate 12 row 7') | ["12","7"]
            REGEXP_EXTRACT_ALL('(\\w+) (\\w+)', 'hello there nice day', 2) | ["there","day"]
            REGEXP_EXTRACT_ALL('[0-9]', 'none')        | []
            REGEXP_REPLACE('a1b22', '[0-9]+', '#')     | "a#b#"
            REGEXP_REPLACE('a', 'a', CAST(NULL AS STRING)) | null
            REGEXP_SPLIT_TO_ARRAY('a1b22c', '[0-9]+')  | ["a","b","c"]
            REGEXP_SPLIT_TO_ARRAY('1a1', '[0-9]')      | ["","a",""]
            REGEXP_SPLIT_TO_ARRAY('abc', '')           | ["a","b","c"]
            REGEXP_SPLIT_TO_ARRAY('abc', 'x')          | ["abc"]
            CHR(75)                                    | "K"
            CHR('\\u004b')                             | "K"
            CHR(22909)                                 | "好"
            CHR('\\u597d')                             | "好"
            CHR(-1)                                    | null
            CHR('K')                                   | null
            MASK('My Test $123')                       | "Xx-Xxxx--nnn"
            MASK('My Test $123', '*', NULL, '1', NULL) | "*y *est $111"
            MASK(CAST(NULL AS STRING))                 | null
            MASK_KEEP_LEFT('My Test $123', 4)          | "My Txxx--nnn"
            MASK_KEEP_RIGHT('My Test $123', 4)         | "Xx-Xxxx-$123"
            MASK_LEFT('My Test $123', 4)               | "Xx-Xest $123"
            MASK_RIGHT('My Test $123', 4)              | "My Test -nnn"
            MASK_RIGHT('My Test $123', 4, '*', '*', '*', '*') | "My Test ****"
            ENCODE('oak', 'utf8', 'hex')               | "6f616b"
            ENCODE('0x6f616b', 'hex', 'ascii')         | "oak"
            ENCODE('b2Fr', 'base64', 'utf8')           | "oak"
            FROM_BYTES(TO_BYTES('ö', 'utf8'), 'hex')   | "c3b6"
            FROM_BYTES(TO_BYTES('oak', 'ascii'), 'base64') | "b2Fr"
            UUID(TO_BYTES('000102030405060708090a0b0c0d0e0f', 'hex')) | "00010203-0405-0607-0809-0a0b0c0d0e0f"
            LEN(UUID())                                | 36
            UUID() = UUID()                            | false
            ELT(1, 'a', 'b')                           | "a"
            ELT(0, 'a')                                | null
            ELT(3, 'a', 'b')                           | null
            FIELD('b', 'a', 'b')                       | 2
            FIELD('z', 'a', 'b')                       | 0
            FIELD(NULL, 'a', NULL)                     | 0
            URL_DECODE_PARAM('url%20encoded')          | "url encoded"
            URL_ENCODE_PARAM('url encoded')            | "url%20encoded"
            URL_EXTRACT_FRAGMENT('http://test.com#frag') | "frag"
            URL_EXTRACT_FRAGMENT('http://test.com#frag%20space') | "frag space"
            URL_EXTRACT_FRAGMENT('http://test.com')    | null
            URL_EXTRACT_HOST('http://test.com:8080/path') | "test.com"
            URL_EXTRACT_HOST('no url: [')              | null
            URL_EXTRACT_PATH('http://test.com/path/to#a') | "/path/to"
            URL_EXTRACT_PATH('http://test.com')        | ""
            URL_EXTRACT_PORT('http://localhost:8080/path') | 8080
            URL_EXTRACT_PORT('http://localhost/path')  | null
            URL_EXTRACT_PROTOCOL('http://test.com')    | "http"
            URL_EXTRACT_QUERY('http://test.com?a=foo%20bar&b=baz') | "a=foo bar&b=baz"
            URL_EXTRACT_PARAMETER('http://test.com?a%20b=c%20d', 'a b') | "c d"
            URL_EXTRACT_PARAMETER('http://test.com?a=foo&b=bar', 'b') | "bar"
            URL_EXTRACT_PARAMETER('http://test.com?a=&b', 'a') | null
            URL_EXTRACT_PARAMETER('http://test.com', 'a') | null
            """)
    void strings(String call, String expected) {
        check(call, expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            EXTRACTJSONFIELD('{"log": {"cloud": "gcp", "instance": 4}}', '$.log.cloud') | "gcp"
            EXTRACTJSONFIELD('{"log": {"cloud": "gcp", "instance": 4}}', '$.log.instance') | "4"
            EXTRACTJSONFIELD('{"log": {"a": [1, {"b": 2}]}}', '$.log') | "{\\"a\\":[1,{\\"b\\":2}]}"
            EXTRACTJSONFIELD('{"log": {"a": [1, {"b": 2.50}]}}', '$.log.a[1].b') | "2.50"
            EXTRACTJSONFIELD('{"@t y": 1}', '$[''@t y'']') | "1"
            EXTRACTJSONFIELD('{"a": null}', '$.a')     | null
            EXTRACTJSONFIELD('{"a": 1}', '$.b.c[3]')   | null
            IS_JSON_STRING('[1, 2, 3]')                | true
            IS_JSON_STRING('{}')                       | true
            IS_JSON_STRING('1')                        | true
            IS_JSON_STRING('"abc"')                    | true
            IS_JSON_STRING('null')                     | true
            IS_JSON_STRING('')                         | false
            IS_JSON_STRING('abc')                      | false
            IS_JSON_STRING('{} {}')                    | false
            IS_JSON_STRING(NULL)                       | false
            JSON_ARRAY_LENGTH('[1, 2, 3]')             | 3
            JSON_ARRAY_LENGTH('[]')                    | 0
            JSON_ARRAY_LENGTH('{}')                    | null
            JSON_ARRAY_LENGTH('abc')                   | null
            JSON_ARRAY_CONTAINS('[1, 2, 3]', 3)        | true
            JSON_ARRAY_CONTAINS('[1, 2, 3]', 4)        | false
            JSON_ARRAY_CONTAINS('["3"]', 3)            | false
            JSON_ARRAY_CONTAINS('["a", true, null]', 'a') | true
            JSON_ARRAY_CONTAINS('["a", true, null]', TRUE) | true
            JSON_ARRAY_CONTAINS('["a", true, null]', NULL) | true
            JSON_ARRAY_CONTAINS('[1.5]', 1.5e0)        | true
            JSON_ARRAY_CONTAINS('{"a": 1}', 1)         | false
            JSON_ARRAY_CONTAINS(CAST(NULL AS STRING), 1) | false
            JSON_KEYS('{"a": "abc", "b": {"c": "a"}, "d": 1}') | ["a","b","d"]
            JSON_KEYS('{}')                            | []
            JSON_KEYS('[]')                            | null
            JSON_RECORDS('{"a": "abc", "b": {"c": "a"}, "d": 1}') | {"a":"\\"abc\\"","b":"{\\"c\\":\\"a\\"}","d":"1"}
            JSON_RECORDS('123')                        | null
            JSON_ITEMS('[{"type": "A"}, 2, "x"]')      | ["{\\"type\\":\\"A\\"}","2","\\"x\\""]
            JSON_ITEMS('{}')                           | null
            JSON_CONCAT('{"a": 1}', '{"b": 2}')        | "{\\"a\\":1,\\"b\\":2}"
            JSON_CONCAT('{"a": {"5": 6}}', '{"a": {"3": 4}}') | "{\\"a\\":{\\"3\\":4}}"
            JSON_CONCAT('{}', '{}')                    | "{}"
            JSON_CONCAT('[1, 2]', '[3, 4]')            | "[1,2,3,4]"
            JSON_CONCAT('"a"', '"b"')                  | "[\\"a\\",\\"b\\"]"
            JSON_CONCAT('{"b": 2}', '[1, 2]')          | "[{\\"b\\":2},1,2]"
            JSON_CONCAT('null', 'null')                | "[null,null]"
            JSON_CONCAT('[null]', '[null]')            | "[null,null]"
            JSON_CONCAT('{"a": 2}', NULL)              | null
            JSON_CONCAT('1', 'abc')                    | null
            TO_JSON_STRING(1)                          | "1"
            TO_JSON_STRING(15.3)                       | "15.3"
            TO_JSON_STRING('abc')                      | "\\"abc\\""
            TO_JSON_STRING(TRUE)                       | "true"
            TO_JSON_STRING(ARRAY[1, 2, 3])             | "[1,2,3]"
            TO_JSON_STRING(STRUCT(id := 1, name := 'A')) | "{\\"ID\\":1,\\"NAME\\":\\"A\\"}"
            TO_JSON_STRING(MAP('c' := 2, 'd' := 4))    | "{\\"c\\":2,\\"d\\":4}"
            TO_JSON_STRING(FROM_DAYS(18911))           | "\\"2021-10-11\\""
            TO_JSON_STRING(CAST(NULL AS INT))          | "null"
            """)
    void json(String call, String expected) {
        check(call, expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            COALESCE(NULL, 'a', 'b')                   | "a"
            COALESCE(CAST(NULL AS INT), NULL)          | null
            COALESCE(CAST(NULL AS BIGINT), 1)          | 1
            COALESCE(1, 2.5e0)                         | 1.0
            IFNULL(CAST(NULL AS STRING), 'x')          | "x"
            IFNULL('a', 'x')                           | "a"
            IFNULL('a', NULL)                          | "a"
            NULLIF(1, 1)                               | null
            NULLIF(1, 2)                               | 1
            NULLIF(CAST(NULL AS INT), 2)               | null
            NULLIF('a', NULL)                          | "a"
            AS_VALUE('key')                            | "key"
            """)
    void nulls(String call, String expected) {
        check(call, expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            FROM_UNIXTIME(0)                           | "1970-01-01T00:00:00.000"
            FROM_UNIXTIME(-1)                          | "1969-12-31T23:59:59.999"
            UNIX_TIMESTAMP(FROM_UNIXTIME(1588296180000)) | 1588296180000
            UNIX_TIMESTAMP() > 1600000000000           | true
            UNIX_DATE(FROM_DAYS(18748))                | 18748
            UNIX_DATE() > 18748                        | true
            FROM_DAYS(18748)                           | "2021-05-01"
            FORMAT_TIMESTAMP(FROM_UNIXTIME(1588296180123), 'yyyy-MM-dd HH:mm:ss.SSS') | "2020-05-01 01:23:00.123"
            FORMAT_TIMESTAMP(FROM_UNIXTIME(0), 'yyyy-MM-dd''T''HH:mm') | "1970-01-01T00:00"
            FORMAT_TIMESTAMP(FROM_UNIXTIME(0), 'yyyy-MM-dd HH', 'America/Los_Angeles') | "1969-12-31 16"
            FORMAT_TIMESTAMP(FROM_UNIXTIME(0), 'HH', 'PST') | "16"
            FORMAT_TIMESTAMP(FROM_UNIXTIME(0), 'EEE dd MMM') | "Thu 01 Jan"
            FORMAT_TIMESTAMP(CAST(NULL AS TIMESTAMP), 'HH') | null
            PARSE_TIMESTAMP('2020-05-01 01:23:00', 'yyyy-MM-dd HH:mm:ss') | "2020-05-01T01:23:00.000"
            PARSE_TIMESTAMP('2020-05-01 01:23', 'yyyy-MM-dd HH:mm', 'Europe/London') | "2020-05-01T00:23:00.000"
            PARSE_TIMESTAMP('2020-05-01T01:23+0200', 'yyyy-MM-dd''T''HH:mmX', 'PST') | "2020-04-30T23:23:00.000"
            PARSE_TIMESTAMP('2020-05-01', 'yyyy-MM-dd') | "2020-05-01T00:00:00.000"
            PARSE_TIMESTAMP('05/2020', 'MM/yyyy')      | "2020-05-01T00:00:00.000"
            PARSE_TIMESTAMP('01-may-20 11 pm', 'dd-MMM-yy hh a') | "2020-05-01T23:00:00.000"
            TIMESTAMPTOSTRING(1588296180000, 'yyyy-MM-dd HH:mm') | "2020-05-01 01:23"
            TIMESTAMPTOSTRING(1588296180000, 'HH:mm', 'Asia/Tokyo') | "10:23"
            STRINGTOTIMESTAMP('2020-05-01 01:23', 'yyyy-MM-dd HH:mm') | 1588296180000
            STRINGTOTIMESTAMP('2020-05-01 10:23', 'yyyy-MM-dd HH:mm', 'Asia/Tokyo') | 1588296180000
            FORMAT_DATE(FROM_DAYS(18748), 'dd/MM/yy')  | "01/05/21"
            PARSE_DATE('1.5.2021', 'd.M.yyyy')         | "2021-05-01"
            FORMAT_TIME(PARSE_TIME('182300', 'HHmmss'), 'HH:mm:ss.SSS') | "18:23:00.000"
            PARSE_TIME('06:05 PM', 'hh:mm a')          | "18:05:00"
            PARSE_TIME('06:05:01.250', 'HH:mm:ss.SSS') | "06:05:01.250"
            DATETOSTRING(18748, 'yyyy-MM-dd')          | "2021-05-01"
            STRINGTODATE('20210501', 'yyyyMMdd')       | 18748
            TIMESTAMPADD(MINUTES, 90, FROM_UNIXTIME(0)) | "1970-01-01T01:30:00.000"
            TIMESTAMPADD(SECOND, -1, FROM_UNIXTIME(0)) | "1969-12-31T23:59:59.000"
            TIMESTAMPADD(MILLISECONDS, 1, FROM_UNIXTIME(0)) | "1970-01-01T00:00:00.001"
            TIMESTAMPSUB(DAYS, 2, FROM_UNIXTIME(0))    | "1969-12-30T00:00:00.000"
            DATEADD(DAYS, 1, PARSE_DATE('2020-02-28', 'yyyy-MM-dd')) | "2020-02-29"
            DATESUB(DAYS, 1, FROM_DAYS(0))             | "1969-12-31"
            TIMEADD(HOURS, 2, PARSE_TIME('23:00', 'HH:mm')) | "01:00:00"
            TIMESUB(MINUTES, 61, PARSE_TIME('01:00', 'HH:mm')) | "23:59:00"
            CONVERT_TZ(FROM_UNIXTIME(0), 'UTC', 'Asia/Tokyo') | "1970-01-01T09:00:00.000"
            CONVERT_TZ(FROM_UNIXTIME(0), 'America/Los_Angeles', 'UTC') | "1970-01-01T08:00:00.000"
            CONVERT_TZ(FROM_UNIXTIME(0), '-0600', '+0200') | "1970-01-01T08:00:00.000"
            """)
    void times(String call, String expected) {
        check(call, expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ARRAY_LENGTH(ARRAY[1, NULL, 3])            | 3
            ARRAY_LENGTH(CAST(NULL AS ARRAY<INT>))     | null
            ARRAY_CONTAINS(ARRAY[1, 2, 3], 3)          | true
            ARRAY_CONTAINS(ARRAY['a', 'b'], 'c')       | false
            ARRAY_CONTAINS(ARRAY[1, NULL], NULL)       | true
            ARRAY_CONTAINS(ARRAY[5000000000], 1)       | false
            ARRAY_CONTAINS(CAST(NULL AS ARRAY<INT>), 1) | false
            ARRAY_DISTINCT(ARRAY[1, 1, 2, 3, 1, 2])    | [1,2,3]
            ARRAY_DISTINCT(ARRAY['apple', 'apple', NULL, 'cherry']) | ["apple",null,"cherry"]
            ARRAY_EXCEPT(ARRAY[1, 2, 3, 1, 2], ARRAY[2, 3]) | [1]
            ARRAY_EXCEPT(ARRAY['apple', 'apple', NULL, 'cherry'], ARRAY['cherry']) | ["apple",null]
            ARRAY_EXCEPT(ARRAY[1], CAST(NULL AS ARRAY<INT>)) | null
            ARRAY_INTERSECT(ARRAY[1, 2, 3, 1, 2], ARRAY[3, 1]) | [1,3]
            ARRAY_INTERSECT(ARRAY['apple', 'apple', NULL, 'cherry'], ARRAY['cherry']) | ["cherry"]
            ARRAY_UNION(ARRAY[1, 2, 3, 1, 2], ARRAY[4, 1]) | [1,2,3,4]
            ARRAY_UNION(ARRAY['apple', 'apple', NULL, 'cherry'], ARRAY['cherry']) | ["apple",null,"cherry"]
            ARRAY_CONCAT(ARRAY[1, 2, 3, NULL], ARRAY[2, 1, NULL]) | [1,2,3,null,2,1,null]
            ARRAY_CONCAT(ARRAY[1], CAST(NULL AS ARRAY<INT>)) | [1]
            ARRAY_CONCAT(CAST(NULL AS ARRAY<INT>), CAST(NULL AS ARRAY<INT>)) | null
            ARRAY_JOIN(ARRAY[1, 2, 3])                 | "1,2,3"
            ARRAY_JOIN(ARRAY['a', NULL, 'b'], ' - ')   | "a - null - b"
            ARRAY_JOIN(ARRAY[TRUE, FALSE], '')         | "truefalse"
            ARRAY_MAX(ARRAY[-1, 2, NULL, 0])           | 2
            ARRAY_MAX(ARRAY[FALSE, NULL, TRUE])        | true
            ARRAY_MAX(ARRAY['Foo', 'Bar', NULL, 'baz']) | "baz"
            ARRAY_MAX(CAST(NULL AS ARRAY<INT>))        | null
            ARRAY_MIN(ARRAY[-1, 2, NULL, 0])           | -1
            ARRAY_MIN(ARRAY['Foo', 'Bar', NULL, 'baz']) | "Bar"
            ARRAY_MIN(ARRAY[CAST(NULL AS INT)])        | null
            ARRAY_REMOVE(ARRAY[1, 2, 3, 2, 1], 2)      | [1,3,1]
            ARRAY_REMOVE(ARRAY[FALSE, NULL, TRUE, TRUE], FALSE) | [null,true,true]
            ARRAY_REMOVE(ARRAY['Foo', 'Bar', NULL, 'baz'], NULL) | ["Foo","Bar","baz"]
            ARRAY_SORT(ARRAY[-1, 2, NULL, 0])          | [-1,0,2,null]
            ARRAY_SORT(ARRAY[FALSE, NULL, TRUE])       | [false,true,null]
            ARRAY_SORT(ARRAY['Foo', 'Bar', NULL, 'baz']) | ["Bar","Foo","baz",null]
            ARRAY_SORT(ARRAY[-1, 2, NULL, 0], 'DESC')  | [2,0,-1,null]
            SLICE(ARRAY[10, 20, 30, 40], 2, 3)         | [20,30]
            SLICE(ARRAY[10, 20, 30, 40], NULL, 2)      | [10,20]
            SLICE(ARRAY[10, 20, 30, 40], 3, NULL)      | [30,40]
            SLICE(ARRAY[10, 20], 0, 1)                 | null
            SLICE(ARRAY[10, 20], 1, 3)                 | null
            AS_MAP(ARRAY['a', 'b'], ARRAY[1, 2])       | {"a":1,"b":2}
            MAP_KEYS(MAP('apple' := 10, 'banana' := 20)) | ["apple","banana"]
            MAP_VALUES(MAP('apple' := 10, 'banana' := NULL)) | [10,null]
            MAP_KEYS(CAST(NULL AS MAP<STRING, INT>))   | null
            MAP_UNION(MAP('apple' := 10, 'banana' := 20), MAP('cherry' := 99)) | {"apple":10,"banana":20,"cherry":99}
            MAP_UNION(MAP('apple' := 10, 'banana' := 20), MAP('apple' := 50)) | {"apple":50,"banana":20}
            MAP_UNION(MAP('apple' := 10), CAST(NULL AS MAP<STRING, INT>)) | {"apple":10}
            ENTRIES(MAP('b' := 2, 'a' := 1), TRUE)     | [{"K":"a","V":1},{"K":"b","V":2}]
            ENTRIES(MAP('b' := 2, 'a' := 1), FALSE)    | [{"K":"b","V":2},{"K":"a","V":1}]
            """)
    void collections(String call, String expected) {
        check(call, expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            ROUND(2.5e0)                               | BIGINT
            ROUND(2.5e0, 1)                            | DOUBLE
            ROUND(CAST(1 AS DECIMAL(4, 2)))            | DECIMAL(3, 0)
            ROUND(CAST(1 AS DECIMAL(4, 2)), 1)         | DECIMAL(4, 2)
            TRUNC(CAST(1 AS DECIMAL(4, 2)))            | DECIMAL(2, 0)
            ABS(1)                                     | INTEGER
            COALESCE(1, 5000000000)                    | BIGINT
            COALESCE(1, CAST(1 AS DECIMAL(4, 2)))      | DECIMAL(12, 2)
            SQRT(CAST(1 AS DECIMAL(4, 2)))             | DOUBLE
            SPLIT('a', 'b')                            | ARRAY<STRING>
            GENERATE_SERIES(5000000000, 5000000001)    | ARRAY<BIGINT>
            ENTRIES(MAP('a' := 1), TRUE)               | ARRAY<STRUCT<`K` STRING, `V` INTEGER>>
            """)
    void types(String call, String expected) {
        assertEquals(expected, Evaluation.of(call).type().toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ENCODE('a', 'utf7', 'hex')                 | The encoding 'utf7' is none of hex, utf8, ascii and base64.
            TIMESTAMPADD('EONS', 1, FROM_UNIXTIME(0))  | 'EONS' is not a time unit; there are \
            DAYS, HOURS, MINUTES, SECONDS and MILLISECONDS.
            EXTRACTJSONFIELD('{"a": 1}', 'a')          | 'a' is not a JSON path like $.log.items[0]['name'].
            EXTRACTJSONFIELD('{', '$.a')               | EXTRACTJSONFIELD: this is not JSON: {
            GENERATE_SERIES(1, 5, -1)                  | GENERATE_SERIES: steps of -1 do not lead from 1 to 5.
            LPAD('x', 2000000000, ' ')                 | A text padded to 2000000000 letters is longer than 1000000.
            MASK_LEFT('a', -1)                         | The number of characters must be 0 or more, not -1.
            ARRAY_SORT(ARRAY[1], 'UP')                 | ARRAY_SORT: 'UP' is neither ASC nor DESC.
            GEO_DISTANCE(91, 0, 0, 0)                  | GEO_DISTANCE: 91.0 degrees are not in -90 to 90.
            UUID(TO_BYTES('00', 'hex'))                | UUID: 16 bytes are needed, not 1.
            PARSE_DATE('soon', 'yyyy')                 | Text 'soon' could not be parsed at index 0
            """)
    void whatCannotBeDoneIsExplained(String call, String message) {
        assertEquals(message, assertThrows(RuntimeException.class, () -> Evaluation.of(call)).getMessage());
    }

    @Test
    void argumentsThatDoNotFitAreAnsweredWithTheAlternatives() {
        String message = assertThrows(RuntimeException.class, () -> Evaluation.of("ROUND('1', 2)")).getMessage();
        assertTrue(message.contains("Function 'ROUND' does not accept parameters (STRING, INTEGER)."), message);
        assertTrue(message.contains("\nROUND(DOUBLE, INTEGER)\nROUND(DECIMAL, INTEGER)\n"), message);
        assertThrows(RuntimeException.class, () -> Evaluation.of("UCASE(1)"));
        assertThrows(RuntimeException.class, () -> Evaluation.of("SQRT('4')"));
        assertThrows(RuntimeException.class, () -> Evaluation.of("COALESCE('a', 1)"));
        assertThrows(RuntimeException.class, () -> Evaluation.of("ARRAY_CONTAINS(ARRAY['a'], 1)"));
    }

    @Test
    void namesHaveNoCaseAndAreDistinct() {
        assertTrue(Functions.find("ucase").isPresent());
        assertFalse(Functions.find("NOPE").isPresent());
        List<String> names = Functions.all().stream().map(ScalarFunction::name).toList();
        assertEquals(names.size(), new HashSet<>(names).size());
    }

    @Test
    void eachFunctionIsInATableAbove() throws Exception {
        String tables = new String(Evaluation.class.getResourceAsStream("FunctionsTest.class").readAllBytes(),
                java.nio.charset.StandardCharsets.ISO_8859_1);
        Set<String> missing = new TreeSet<>();
        for (ScalarFunction function : Functions.all()) {
            Matcher call = Pattern.compile("\\b" + function.name() + "\\(").matcher(tables);
            if (!call.find()) {
                missing.add(function.name());
            }
        }
        assertEquals(Set.of(), missing);
    }
}
