package labkit.ksql.function;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import labkit.ksql.KsqlException;

/** How bytes are written as text. */
enum Encoding {
    HEX, UTF8, ASCII, BASE64;

    static Encoding of(Object name) {
        try {
            return valueOf(((String) name).toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            throw new KsqlException("The encoding '" + name + "' is none of hex, utf8, ascii and base64.");
        }
    }

    /** Reads text as bytes; HEX may be written as 0x4A, X'4A' or 4A. */
    byte[] decode(String text) {
        return switch (this) {
            case HEX -> HexFormat.of().parseHex(text.replaceFirst("^0[xX](.*)$|^[xX]'(.*)'$", "$1$2"));
            case UTF8 -> text.getBytes(StandardCharsets.UTF_8);
            case ASCII -> text.getBytes(StandardCharsets.US_ASCII);
            case BASE64 -> Base64.getDecoder().decode(text);
        };
    }

    String encode(byte[] bytes) {
        return switch (this) {
            case HEX -> HexFormat.of().formatHex(bytes);
            case UTF8 -> new String(bytes, StandardCharsets.UTF_8);
            case ASCII -> new String(bytes, StandardCharsets.US_ASCII);
            case BASE64 -> Base64.getEncoder().encodeToString(bytes);
        };
    }
}
