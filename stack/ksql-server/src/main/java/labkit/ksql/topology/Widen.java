package labkit.ksql.topology;

import labkit.ksql.plan.Plan;
import labkit.ksql.serde.Key;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Makes a row of all columns: those of the key, those of the value, ROWTIME and so on, the window's bounds. */
final class Widen implements FixedKeyProcessor<Object, Object[], Object[]> {
    private final int width;
    private final int keys;
    private final boolean windowed;
    private FixedKeyProcessorContext<Object, Object[]> context;

    Widen(Plan.Input input) {
        width = input.scope().width();
        keys = input.source().schema().key().size();
        windowed = input.source().window() != null;
    }

    @Override
    public void init(FixedKeyProcessorContext<Object, Object[]> context) {
        this.context = context;
    }

    @Override
    public void process(FixedKeyRecord<Object, Object[]> record) {
        Object[] value = record.value();
        context.forward(record.withValue(value == null ? null : widen(record.key(), value, record.timestamp())));
    }

    private Object[] widen(Object recordKey, Object[] value, long timestamp) {
        Object[] row = new Object[width];
        Windowed<?> window = windowed ? (Windowed<?>) recordKey : null;
        Key key = (Key) (window == null ? recordKey : window.key());
        for (int i = 0; key != null && i < keys; i++) {
            row[i] = key.columns().get(i);
        }
        System.arraycopy(value, 0, row, keys, value.length);
        int next = keys + value.length;
        row[next++] = timestamp;
        RecordMetadata at = context.recordMetadata().orElse(null);
        row[next++] = at == null ? null : at.partition();
        row[next++] = at == null ? null : at.offset();
        if (window != null) {
            row[next++] = window.window().start();
            row[next] = window.window().end();
        }
        return row;
    }
}
