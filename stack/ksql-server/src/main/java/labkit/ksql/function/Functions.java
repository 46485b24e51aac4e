package labkit.ksql.function;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import labkit.ksql.type.SqlType;

/** All scalar functions by name. */
public final class Functions {
    private static final List<ScalarFunction> ALL = List.of(
            new Abs(),
            new Acos(),
            new ArrayConcat(),
            new ArrayContains(),
            new ArrayDistinct(),
            new ArrayExcept(),
            new ArrayIntersect(),
            new ArrayJoin(),
            new ArrayLength(),
            new ArrayMax(),
            new ArrayMin(),
            new ArrayRemove(),
            new ArraySort(),
            new ArrayUnion(),
            new AsMap(),
            new AsValue(),
            new Asin(),
            new Atan(),
            new Atan2(),
            new Cbrt(),
            new Ceil(),
            new Chr(),
            new Coalesce(),
            new Concat(),
            new ConcatWs(),
            new ConvertTz(),
            new Cos(),
            new Cosh(),
            new Cot(),
            new Dateadd(),
            new Datesub(),
            new Datetostring(),
            new Degrees(),
            new Elt(),
            new Encode(),
            new Entries(),
            new Exp(),
            new Extractjsonfield(),
            new Field(),
            new Floor(),
            new FormatDate(),
            new FormatTime(),
            new FormatTimestamp(),
            new FromBytes(),
            new FromDays(),
            new FromUnixtime(),
            new GenerateSeries(),
            new GeoDistance(),
            new Greatest(),
            new Ifnull(),
            new Initcap(),
            new Instr(),
            new IsJsonString(),
            new JsonArrayContains(),
            new JsonArrayLength(),
            new JsonConcat(),
            new JsonItems(),
            new JsonKeys(),
            new JsonRecords(),
            new Lcase(),
            new Least(),
            new Len(),
            new Ln(),
            new Log(),
            new Lpad(),
            new MapKeys(),
            new MapUnion(),
            new MapValues(),
            new Mask(),
            new MaskKeepLeft(),
            new MaskKeepRight(),
            new MaskLeft(),
            new MaskRight(),
            new Nullif(),
            new ParseDate(),
            new ParseTime(),
            new ParseTimestamp(),
            new Pi(),
            new Power(),
            new Radians(),
            new Random(),
            new RegexpExtract(),
            new RegexpExtractAll(),
            new RegexpReplace(),
            new RegexpSplitToArray(),
            new Replace(),
            new Round(),
            new Rpad(),
            new Sign(),
            new Sin(),
            new Sinh(),
            new Slice(),
            new Split(),
            new SplitToMap(),
            new Sqrt(),
            new Stringtodate(),
            new Stringtotimestamp(),
            new Substring(),
            new Tan(),
            new Tanh(),
            new Timeadd(),
            new Timestampadd(),
            new Timestampsub(),
            new Timestamptostring(),
            new Timesub(),
            new ToBytes(),
            new ToJsonString(),
            new Trim(),
            new Trunc(),
            new Ucase(),
            new UnixDate(),
            new UnixTimestamp(),
            new UrlDecodeParam(),
            new UrlEncodeParam(),
            new UrlExtractFragment(),
            new UrlExtractHost(),
            new UrlExtractParameter(),
            new UrlExtractPath(),
            new UrlExtractPort(),
            new UrlExtractProtocol(),
            new UrlExtractQuery(),
            new Uuid());

    private static final Map<String, ScalarFunction> BY_NAME = new TreeMap<>();

    static {
        for (ScalarFunction function : ALL) {
            BY_NAME.put(function.name(), function);
            function.aliases().forEach(alias -> BY_NAME.put(alias, function));
        }
    }

    private Functions() {}

    /** Returns the function of a name or alias, in whatever case. */
    public static Optional<ScalarFunction> find(String name) {
        return Optional.ofNullable(BY_NAME.get(name.toUpperCase(Locale.ROOT)));
    }

    /** Returns all functions. */
    public static Collection<ScalarFunction> all() {
        return ALL;
    }

    /**
     * Picks the overload for arguments of these types (null: the literal NULL).
     *
     * @throws labkit.ksql.KsqlException if none fits; the message lists what would
     */
    public static Resolved resolve(ScalarFunction function, List<SqlType> arguments) {
        return Resolved.of(function, new ArrayList<>(arguments));
    }
}
