package labkit.ksql.aggregate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import labkit.ksql.KsqlException;
import labkit.ksql.function.Json;
import labkit.ksql.type.SqlType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each aggregate function makes of rows, by the reference of ksqlDB 0.29. Results are written as JSON. */
class AggregatesTest {
    private static final SqlType INT = SqlType.INTEGER;
    private static final SqlType LONG = SqlType.BIGINT;
    private static final SqlType TEXT = SqlType.STRING;
    private static final SqlType MONEY = new SqlType.Decimal(4, 2);

    /** A call: the function, the types of its columns, and its constants. */
    private record Call(String name, List<SqlType> types, Object... constants) {
        Accumulator accumulator() {
            return Aggregates.find(name).orElseThrow().accumulator(types, Arrays.asList(constants));
        }

        @Override
        public String toString() {
            return name + types + Arrays.toString(constants);
        }
    }

    private static Call call(String name, SqlType type, Object... constants) {
        return new Call(name, List.of(type), constants);
    }

    private static BigDecimal money(String text) {
        return new BigDecimal(text);
    }

    /** Rows of one column. */
    private static List<Object[]> column(Object... values) {
        return Stream.of(values).map(value -> new Object[] {value}).toList();
    }

    private static Object add(Accumulator accumulator, Object state, List<Object[]> rows) {
        Object next = state;
        for (Object[] row : rows) {
            next = accumulator.add(next, row);
        }
        return next;
    }

    static Stream<Arguments> results() {
        Object none = null;
        return Stream.of(
                arguments(new Call("COUNT", List.of()), List.of(new Object[0], new Object[0]), "2"),
                arguments(call("COUNT", TEXT), column("a", none, "b"), "2"),
                arguments(call("COUNT", TEXT), column(), "0"),
                arguments(call("SUM", INT), column(1, none, 2), "3"),
                arguments(call("SUM", INT), column(none, none), "0"),
                arguments(call("SUM", LONG), column(5_000_000_000L, 1L), "5000000001"),
                arguments(call("SUM", SqlType.DOUBLE), column(0.5, none, 0.25), "0.75"),
                arguments(call("SUM", MONEY), column(money("0.10"), money("0.20"), none), "0.30"),
                arguments(call("AVG", INT), column(1, none, 2), "1.5"),
                arguments(call("AVG", INT), column(Integer.MAX_VALUE, Integer.MAX_VALUE), "2.147483647E9"),
                arguments(call("AVG", LONG), column(1L, 2L, 6L), "3.0"),
                arguments(call("AVG", SqlType.DOUBLE), column(1.0, 2.0), "1.5"),
                arguments(call("AVG", MONEY), column(money("99.99"), money("99.97")), "99.98"),
                arguments(call("MIN", INT), column(3, none, -1, 2), "-1"),
                arguments(call("MIN", INT), column(none, none), "null"),
                arguments(call("MIN", TEXT), column("b", "B", "a"), "\"B\""),
                arguments(call("MAX", SqlType.DOUBLE), column(1.5, none, 3.5, 2.5), "3.5"),
                arguments(call("MAX", MONEY), column(money("9.00"), money("10.00")), "10.00"),
                arguments(call("MAX", SqlType.DATE), column(LocalDate.of(2024, 2, 29), LocalDate.of(2023, 3, 1)),
                        "\"2024-02-29\""),
                arguments(call("MAX", SqlType.BYTES), column(ByteBuffer.wrap(new byte[] {1}),
                        ByteBuffer.wrap(new byte[] {2})), "\"Ag==\""),
                arguments(call("TOPK", INT, 2), column(5, 7, none, 6, 7), "[7,7]"),
                arguments(call("TOPK", INT, 3), column(5), "[5]"),
                arguments(call("TOPK", INT, 3), column(none), "[]"),
                arguments(call("TOPK", TEXT, 2), column("a", "c", "b"), "[\"c\",\"b\"]"),
                arguments(call("TOPKDISTINCT", INT, 2), column(5, 7, none, 6, 7), "[7,6]"),
                arguments(new Call("TOPK", List.of(LONG, TEXT), 3),
                        List.of(new Object[] {1L, "a"}, new Object[] {2L, "b"}, new Object[] {1L, null},
                                new Object[] {null, "x"}, new Object[] {2L, "d"}),
                        "[{\"sort_col\":2,\"col0\":\"b\"},{\"sort_col\":2,\"col0\":\"d\"},"
                                + "{\"sort_col\":1,\"col0\":\"a\"}]"),
                arguments(call("COLLECT_LIST", INT), column(2, 1, none, 2), "[2,1,null,2]"),
                arguments(call("COLLECT_SET", INT), column(2, 1, none, 2, none), "[2,1,null]"),
                arguments(call("EARLIEST_BY_OFFSET", TEXT), column(none, "a", "b"), "\"a\""),
                arguments(call("EARLIEST_BY_OFFSET", TEXT, false), column(none, "a", "b"), "null"),
                arguments(call("EARLIEST_BY_OFFSET", TEXT, 2), column(none, "a", "b", "c"), "[\"a\",\"b\"]"),
                arguments(call("EARLIEST_BY_OFFSET", TEXT, 2, false), column(none, "a", "b", "c"), "[null,\"a\"]"),
                arguments(call("LATEST_BY_OFFSET", TEXT), column("a", "b", none), "\"b\""),
                arguments(call("LATEST_BY_OFFSET", TEXT, true), column("a", "b", none), "\"b\""),
                arguments(call("LATEST_BY_OFFSET", TEXT, false), column("a", "b", none), "null"),
                arguments(call("LATEST_BY_OFFSET", TEXT, 2), column("a", "b", "c", none), "[\"b\",\"c\"]"),
                arguments(call("LATEST_BY_OFFSET", TEXT, 2, false), column("a", "b", none), "[\"b\",null]"),
                arguments(call("LATEST_BY_OFFSET", TEXT), column(), "null"),
                arguments(call("COUNT_DISTINCT", TEXT), column("a", "b", none, "a"), "2"),
                arguments(call("COUNT_DISTINCT", INT), column(none), "0"),
                arguments(call("STDDEV_SAMP", INT), column(2, 4, none, 4, 4, 5, 5, 7, 9), "2.138"),
                arguments(new Call("CORRELATION", List.of(INT, INT)),
                        List.of(new Object[] {1, 6}, new Object[] {2, 4}, new Object[] {null, 9}, new Object[] {3, 2}),
                        "-1.0"),
                arguments(new Call("CORRELATION", List.of(INT, INT)),
                        List.of(new Object[] {1, 6}, new Object[] {2, 6}), "\"NaN\""),
                arguments(call("HISTOGRAM", TEXT), column("a", "b", none, "a"), "{\"a\":2,\"b\":1}"),
                arguments(call("ATTR", TEXT), column("a", "a"), "\"a\""),
                arguments(call("ATTR", TEXT), column("a", "b"), "null"));
    }

    private static String shown(Accumulator accumulator, Object state) {
        Object result = accumulator.result(state);
        return Json.text(result instanceof Double d && Double.isFinite(d) ? Math.round(d * 1000) / 1000.0 : result);
    }

    @ParameterizedTest(name = "{0} {2}")
    @MethodSource("results")
    void rowsMakeAResult(Call call, List<Object[]> rows, String expected) {
        Accumulator accumulator = call.accumulator();
        assertEquals(expected, shown(accumulator, add(accumulator, accumulator.initial(), rows)));
    }

    @ParameterizedTest(name = "{0} {2}")
    @MethodSource("results")
    void sessionsMergedAnywhereMakeTheSameResult(Call call, List<Object[]> rows, String expected) {
        Accumulator accumulator = call.accumulator();
        for (int cut = 0; cut <= rows.size(); cut++) {
            Object earlier = add(accumulator, accumulator.initial(), rows.subList(0, cut));
            Object later = add(accumulator, accumulator.initial(), rows.subList(cut, rows.size()));
            String before = Json.text(earlier) + Json.text(later);
            assertEquals(expected, shown(accumulator, accumulator.merge(earlier, later)), "cut at " + cut);
            assertEquals(before, Json.text(earlier) + Json.text(later), "states must not be changed in place");
        }
    }

    @ParameterizedTest(name = "{0} {2}")
    @MethodSource("results")
    void whatIsTakenBackHadNeverCome(Call call, List<Object[]> rows, String expected) {
        Accumulator accumulator = call.accumulator();
        if (!accumulator.canRemove() || rows.isEmpty()) {
            return;
        }
        Object state = add(accumulator, accumulator.initial(), rows);
        state = accumulator.remove(accumulator.add(state, rows.get(0)), rows.get(0));
        assertEquals(expected, shown(accumulator, state));
        Object empty = accumulator.remove(accumulator.add(accumulator.initial(), rows.get(0)), rows.get(0));
        assertEquals(shown(accumulator, accumulator.initial()), shown(accumulator, empty));
    }

    @Test
    void constantsStandAtTheEndOfACall() {
        assertEquals(1, Aggregates.find("TOPK").orElseThrow().constants(4));
        assertEquals(2, Aggregates.find("LATEST_BY_OFFSET").orElseThrow().constants(3));
        assertEquals(0, Aggregates.find("LATEST_BY_OFFSET").orElseThrow().constants(0));
        assertEquals(0, Aggregates.find("SUM").orElseThrow().constants(1));
    }

    @Test
    void onlyTheseWorkOnTables() {
        assertEquals(Set.of("ATTR", "AVG", "COLLECT_LIST", "CORRELATION", "COUNT", "HISTOGRAM", "STDDEV_SAMP", "SUM"),
                results().map(row -> (Call) row.get()[0]).filter(call -> call.accumulator().canRemove())
                        .map(Call::name).collect(Collectors.toSet()));
    }

    @Test
    void eachFunctionIsInTheTableAbove() {
        assertEquals(Aggregates.all().stream().map(AggregateFunction::name).collect(Collectors.toSet()),
                results().map(row -> ((Call) row.get()[0]).name()).collect(Collectors.toSet()));
        assertTrue(Aggregates.find("count").isPresent());
        assertFalse(Aggregates.find("NOPE").isPresent());
    }

    @Test
    void arrivalCountsNotWhichSessionBeganFirst() {
        Accumulator latest = call("LATEST_BY_OFFSET", TEXT).accumulator();
        Object began = latest.add(latest.initial(), new Object[] {"first session, first row"});
        Object other = latest.add(latest.initial(), new Object[] {"second session"});
        began = latest.add(began, new Object[] {"first session, last row"});
        assertEquals("first session, last row", latest.result(latest.merge(began, other)));
        Accumulator earliest = call("EARLIEST_BY_OFFSET", TEXT).accumulator();
        Object late = earliest.add(earliest.initial(), new Object[] {"arrived first"});
        Object early = earliest.add(earliest.initial(), new Object[] {"arrived second"});
        assertEquals("arrived first", earliest.result(earliest.merge(early, late)));
    }

    @Test
    void typesFollowTheColumn() {
        assertEquals(INT, call("SUM", INT).accumulator().resultType());
        assertEquals(MONEY, call("SUM", MONEY).accumulator().resultType());
        assertEquals(SqlType.DOUBLE, call("AVG", MONEY).accumulator().resultType());
        assertEquals(SqlType.BYTES, call("COUNT_DISTINCT", INT).accumulator().stateType());
        assertEquals("ARRAY<STRUCT<`sort_col` BIGINT, `col0` STRING, `col1` INTEGER>>",
                new Call("TOPK", List.of(LONG, TEXT, INT), 1).accumulator().resultType().toString());
    }

    @Test
    void sumsThatDoNotFitAreErrors() {
        Accumulator ints = call("SUM", INT).accumulator();
        assertThrows(ArithmeticException.class, () -> ints.add(Integer.MAX_VALUE, new Object[] {1}));
        Accumulator money = call("SUM", MONEY).accumulator();
        assertEquals("The sum 100.00 does not fit into DECIMAL(4, 2).",
                assertThrows(ArithmeticException.class, () -> money.add(money("99.99"), new Object[] {money("0.01")}))
                        .getMessage());
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                arguments(call("SUM", TEXT), "Function 'SUM' does not accept parameters (STRING)."),
                arguments(new Call("COUNT", List.of(INT, INT)),
                        "Function 'COUNT' does not accept parameters (INTEGER, INTEGER)."),
                arguments(call("MAX", SqlType.BOOLEAN), "Function 'MAX' does not accept parameters (BOOLEAN)."),
                arguments(new Call("TOPK", List.of(), 3), "Function 'TOPK' does not accept parameters ()."),
                arguments(call("TOPK", INT, 0), "TOPK: k must be a positive INTEGER literal, not 0."),
                arguments(call("TOPK", INT, "2"), "TOPK: k must be a positive INTEGER literal, not 2."),
                arguments(call("TOPKDISTINCT", INT, -1), "TOPKDISTINCT: k must be a positive INTEGER literal, not -1."),
                arguments(call("LATEST_BY_OFFSET", INT, "x"),
                        "LATEST_BY_OFFSET: n must be a positive INTEGER literal, not x."),
                arguments(call("LATEST_BY_OFFSET", INT, 1, 2), "LATEST_BY_OFFSET does not take the constants [1, 2]"),
                arguments(new Call("LATEST_BY_OFFSET", List.of()), "Function 'LATEST_BY_OFFSET' does not accept parameters ()."),
                arguments(call("HISTOGRAM", INT), "Function 'HISTOGRAM' does not accept parameters (INTEGER)."));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void mistakesAreExplained(Call call, String message) {
        String seen = assertThrows(KsqlException.class, call::accumulator).getMessage();
        assertTrue(seen.startsWith(message), seen);
    }

    @Test
    void countDistinctIsTwoPercentOffAtMostAsARule() {
        Accumulator accumulator = call("COUNT_DISTINCT", LONG).accumulator();
        Object state = accumulator.initial();
        for (long i = 0; i < 50_000; i++) {
            state = accumulator.add(state, new Object[] {i % 20_000});
        }
        assertEquals(20_000, (Long) accumulator.result(state), 20_000 * 0.04);
        assertSame(state, accumulator.add(state, new Object[] {1L}), "what was seen does not change the state");
    }

    @Test
    void aHistogramHasAThousandEntriesAtMost() {
        Accumulator accumulator = call("HISTOGRAM", TEXT).accumulator();
        Object state = accumulator.initial();
        for (int i = 0; i < 1001; i++) {
            state = accumulator.add(state, new Object[] {"v" + i});
        }
        assertEquals(1000, ((java.util.Map<?, ?>) state).size());
        assertEquals(2L, ((java.util.Map<?, ?>) accumulator.add(state, new Object[] {"v0"})).get("v0"));
    }

    @Test
    void whatIsNotAmongTheHighestAllocatesNothing() {
        Accumulator accumulator = call("TOPK", INT, 1).accumulator();
        Object state = accumulator.add(accumulator.initial(), new Object[] {5});
        assertSame(state, accumulator.add(state, new Object[] {4}));
        assertSame(state, accumulator.add(state, new Object[] {5}));
    }
}
