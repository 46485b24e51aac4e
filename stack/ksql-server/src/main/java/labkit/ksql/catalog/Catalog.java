package labkit.ksql.catalog;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import labkit.ksql.KsqlException;

/** The streams and tables that there are, by name. */
public final class Catalog {
    private final Map<String, Source> sources = new ConcurrentSkipListMap<>();

    public Catalog() {}

    /** A copy, in which statements can be tried. */
    public Catalog(Catalog other) {
        sources.putAll(other.sources);
    }

    public Optional<Source> find(String name) {
        return Optional.ofNullable(sources.get(name));
    }

    /** Returns the source of that name, or says which there are. */
    public Source get(String name) {
        return find(name).orElseThrow(() -> new KsqlException(name + " does not exist."
                + similar(name).map(other -> " Did you mean " + other + "? (Names are upper-case unless they are quoted.)")
                        .orElse(" There are: " + (sources.isEmpty() ? "no streams or tables yet" : String.join(", ", sources.keySet())) + ".")));
    }

    private Optional<String> similar(String name) {
        return sources.keySet().stream().filter(other -> other.equalsIgnoreCase(name)).findFirst();
    }

    public Collection<Source> all() {
        return Collections.unmodifiableCollection(new TreeMap<>(sources).values());
    }

    public void put(Source source) {
        sources.put(source.name(), source);
    }

    public void remove(String name) {
        sources.remove(name);
    }
}
