package labkit.ksql.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class FormatGuessTest {
    private static final long START = 1_577_836_800_000L;

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] longs(String key, long... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(key.length() + 8 * numbers.length).put(text(key));
        for (long number : numbers) {
            bytes.putLong(number);
        }
        return bytes.array();
    }

    private static FormatGuess guess(boolean key, byte[]... seen) {
        FormatGuess guess = new FormatGuess(key);
        for (byte[] bytes : seen) {
            guess.look(bytes);
        }
        return guess;
    }

    @Test
    void nothingSeen() {
        assertEquals("¯\\_(ツ)_/¯ - no data processed", guess(true, (byte[]) null).toString());
        assertEquals("<null>", guess(true).text(null));
    }

    @Test
    void textAndJson() {
        assertEquals("KAFKA_STRING", guess(false, text("hello")).toString());
        assertEquals("JSON or KAFKA_STRING", guess(false, text("{\"a\": 1}")).toString());
        assertEquals("JSON or KAFKA_STRING", guess(false, text("17")).toString());
        assertEquals("KAFKA_STRING", guess(false, text("{\"a\": 1}"), text("{\"a\": ")).toString());
        assertEquals("{\"a\": 1}", guess(false, text("{\"a\": 1}")).text(text("{\"a\": 1}")));
    }

    @Test
    void numbers() {
        FormatGuess guess = guess(false, longs("", 17));
        assertEquals("KAFKA_BIGINT or KAFKA_DOUBLE", guess.toString());
        assertEquals("17", guess.text(longs("", 17)));
        byte[] four = ByteBuffer.allocate(4).putInt(5).array();
        assertEquals("KAFKA_INT", guess(false, four).toString());
    }

    @Test
    void windowedKeys() {
        FormatGuess window = guess(true, longs("alice", START));
        assertEquals("HOPPING(KAFKA_STRING) or TUMBLING(KAFKA_STRING)", window.toString());
        assertEquals("[alice@" + START + "/-]", window.text(longs("alice", START)));
        FormatGuess session = guess(true, longs("alice", START + 5, START));
        assertEquals("SESSION(KAFKA_STRING)", session.toString());
        assertEquals("[alice@" + START + "/" + (START + 5) + "]", session.text(longs("alice", START + 5, START)));
    }

    @Test
    void moreRecordsNarrowItAndOthersOpenItAgain() {
        FormatGuess guess = guess(false, text("1"), text("abc"));
        assertEquals("KAFKA_STRING", guess.toString());
        guess.look(longs("", 3));
        assertEquals("KAFKA_BIGINT or KAFKA_DOUBLE", guess.toString());
        assertEquals("abc", guess.text(text("abc")));
    }

    @Test
    void bytesOfNoKnownFormat() {
        byte[] bytes = {(byte) 0xff, 0, 1};
        assertEquals("UNRECOGNISED_BYTES", guess(false, bytes).toString());
        assertEquals("FF0001", guess(false, bytes).text(bytes));
    }

    @Test
    void aLine() {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("t", 3, 0, START + 417,
                TimestampType.CREATE_TIME, 1, 1, text("k"), text("{}"), new RecordHeaders(), Optional.empty());
        assertEquals("rowtime: 2020/01/01 00:00:00.417 Z, key: k, value: {}, partition: 3\n",
                TopicPrinter.line(record, guess(true, text("k")), guess(false, text("{}"))));
    }
}
