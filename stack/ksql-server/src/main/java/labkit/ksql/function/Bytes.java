package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BYTES;
import static labkit.ksql.type.SqlType.STRING;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import labkit.ksql.type.SqlType;

/** Lets functions of STRING take BYTES, too: each byte is passed on as one character. */
final class Bytes {
    private Bytes() {}

    /** Returns the overloads for strings and the same for bytes. */
    static Signature[] too(Signature... strings) {
        return Stream.concat(Stream.of(strings), Stream.of(strings).map(Bytes::alike)).toArray(Signature[]::new);
    }

    static byte[] of(ByteBuffer value) {
        byte[] bytes = new byte[value.remaining()];
        value.duplicate().get(bytes);
        return bytes;
    }

    private static Signature alike(Signature strings) {
        List<Parameter> parameters = strings.parameters().stream()
                .map(parameter -> parameter.type() == STRING ? Parameter.of(BYTES) : parameter)
                .toList();
        return new Signature(parameters, strings.variadic(), strings.seesNulls(),
                types -> alike(strings.returns().of(types)),
                types -> {
                    ScalarFunction.Body body = strings.makeBody().apply(types);
                    return in -> bytes(body.call(Stream.of(in).map(Bytes::text).toArray()));
                });
    }

    private static SqlType alike(SqlType type) {
        return type instanceof SqlType.Array array ? new SqlType.Array(alike(array.element()))
                : type == STRING ? BYTES : type;
    }

    private static Object text(Object value) {
        return value instanceof ByteBuffer bytes ? new String(of(bytes), StandardCharsets.ISO_8859_1) : value;
    }

    private static Object bytes(Object value) {
        return value instanceof String text ? ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1))
                : value instanceof List<?> list ? list.stream().map(Bytes::bytes).collect(Collectors.toList()) : value;
    }
}
