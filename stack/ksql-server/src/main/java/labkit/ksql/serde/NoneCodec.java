package labkit.ksql.serde;

/** No columns: nothing is written, and whatever there is is left unread. */
final class NoneCodec implements RowCodec {
    private static final Object[] EMPTY = {};

    @Override
    public byte[] encode(Object[] row) {
        return null;
    }

    @Override
    public Object[] decode(byte[] bytes) {
        return EMPTY;
    }
}
