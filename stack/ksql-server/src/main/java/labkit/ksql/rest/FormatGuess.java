package labkit.ksql.rest;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;

/** In which formats the keys or the values of a topic may be written, going by those that were seen. */
final class FormatGuess {
    private static final ObjectReader STRICT =
            Json.MAPPER.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    /** The end of the year 2199: eight bytes of a window's bound are a time before that, those of text are not. */
    private static final long LATEST = 7_258_118_400_000L;

    /** {@code read} returns null for bytes that are not in this format. */
    private record Candidate(String name, Function<byte[], String> read) {}

    private static final List<Candidate> PLAIN = List.of(
            new Candidate("JSON", FormatGuess::json),
            new Candidate("KAFKA_INT", bytes -> number(bytes, 4, ByteBuffer::getInt)),
            new Candidate("KAFKA_BIGINT", bytes -> number(bytes, 8, ByteBuffer::getLong)),
            new Candidate("KAFKA_DOUBLE", bytes -> number(bytes, 8, ByteBuffer::getDouble)),
            new Candidate("KAFKA_STRING", bytes -> isBinary(bytes) ? null : string(bytes)));
    private static final Candidate UNKNOWN =
            new Candidate("UNRECOGNISED_BYTES", bytes -> HexFormat.of().withUpperCase().formatHex(bytes));

    private final List<Candidate> all = new ArrayList<>();
    private List<Candidate> possible;

    FormatGuess(boolean key) {
        if (key) {
            for (Candidate inner : PLAIN) {
                all.add(new Candidate("SESSION(" + inner.name() + ")", bytes -> session(bytes, inner)));
            }
            for (String type : List.of("HOPPING", "TUMBLING")) {
                for (Candidate inner : PLAIN) {
                    all.add(new Candidate(type + "(" + inner.name() + ")", bytes -> windowed(bytes, inner)));
                }
            }
        }
        all.addAll(PLAIN);
    }

    /** Takes a key or value into account. */
    void look(byte[] bytes) {
        if (bytes == null) {
            return;
        }
        List<Candidate> from = possible == null || possible.contains(UNKNOWN) ? all : possible;
        List<Candidate> fit = fitting(from, bytes);
        if (fit.isEmpty()) {
            fit = fitting(all, bytes);
        }
        possible = fit.isEmpty() ? List.of(UNKNOWN) : fit;
    }

    private static List<Candidate> fitting(List<Candidate> candidates, byte[] bytes) {
        return candidates.stream().filter(candidate -> candidate.read().apply(bytes) != null).toList();
    }

    /** Returns what it looks like in the likeliest format. */
    String text(byte[] bytes) {
        if (bytes == null) {
            return "<null>";
        }
        for (Candidate candidate : possible == null ? all : possible) {
            String text = candidate.read().apply(bytes);
            if (text != null) {
                return text;
            }
        }
        List<Candidate> others = fitting(all, bytes);
        return (others.isEmpty() ? UNKNOWN : others.getFirst()).read().apply(bytes);
    }

    @Override
    public String toString() {
        return possible == null ? "¯\\_(ツ)_/¯ - no data processed"
                : String.join(" or ", possible.stream().map(Candidate::name).toList());
    }

    // -- Formats -----------------------------------------------------------------------------------

    private static String json(byte[] bytes) {
        try {
            return STRICT.readTree(bytes).isMissingNode() ? null : string(bytes);
        } catch (IOException | RuntimeException error) {
            return null;
        }
    }

    private static String number(byte[] bytes, int length, Function<ByteBuffer, Number> read) {
        return bytes.length == length && isBinary(bytes) ? read.apply(ByteBuffer.wrap(bytes)).toString() : null;
    }

    private static String string(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException error) {
            return null;
        }
    }

    /** Text has no control characters but those for white space. */
    private static boolean isBinary(byte[] bytes) {
        String text = string(bytes);
        return text == null || text.chars().anyMatch(c -> c < ' ' && c != '\t' && c != '\n' && c != '\r');
    }

    /** A key, the window's end, and its start. */
    private static String session(byte[] bytes, Candidate inner) {
        if (bytes.length < 16) {
            return null;
        }
        long end = bound(bytes, bytes.length - 16);
        long start = bound(bytes, bytes.length - 8);
        return start < 0 || end < start ? null : bounds(bytes, bytes.length - 16, inner, start, Long.toString(end));
    }

    /** A key, and the window's start; its end is not written. */
    private static String windowed(byte[] bytes, Candidate inner) {
        if (bytes.length < 8) {
            return null;
        }
        long start = bound(bytes, bytes.length - 8);
        return start < 0 ? null : bounds(bytes, bytes.length - 8, inner, start, "-");
    }

    private static String bounds(byte[] bytes, int length, Candidate inner, long start, String end) {
        String key = length == 0 ? null : inner.read().apply(java.util.Arrays.copyOf(bytes, length));
        return key == null ? null : "[" + key + "@" + start + "/" + end + "]";
    }

    /** Returns -1 if no time is written there. */
    private static long bound(byte[] bytes, int at) {
        long time = ByteBuffer.wrap(bytes, at, 8).getLong();
        return time < 0 || time > LATEST ? -1 : time;
    }
}
