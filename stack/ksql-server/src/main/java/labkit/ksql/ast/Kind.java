package labkit.ksql.ast;

/** What a source is: a sequence of facts, or the latest row of each key. */
public enum Kind {
    STREAM, TABLE;

    /** The word as it is used within a sentence. */
    public String word() {
        return this == STREAM ? "stream" : "table";
    }
}
