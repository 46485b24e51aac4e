package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DOUBLE;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.Locale;
import labkit.ksql.KsqlException;

final class GeoDistance extends Builtin {
    /** The mean radius of the earth. */
    private static final double KILOMETRES = 6371;
    private static final double KILOMETRES_IN_A_MILE = 1.609344;

    GeoDistance() {
        super("GEO_DISTANCE",
                "Great-circle distance in KM or MI of two points: latitude, longitude, latitude, longitude in degrees.",
                optional(4, DOUBLE, List.of(DOUBLE, DOUBLE, DOUBLE, DOUBLE, STRING), in -> {
                    double radius = in.length == 4 ? KILOMETRES : radius((String) in[4]);
                    return radius
                            * angle(degrees(in[0], 90), degrees(in[1], 180), degrees(in[2], 90), degrees(in[3], 180));
                }));
    }

    private static double radius(String unit) {
        return switch (unit.toUpperCase(Locale.ROOT)) {
            case "KM", "KILOMETER", "KILOMETERS" -> KILOMETRES;
            case "MI", "MILE", "MILES" -> KILOMETRES / KILOMETRES_IN_A_MILE;
            default -> throw new KsqlException("GEO_DISTANCE: the unit '" + unit + "' is neither KM nor MI.");
        };
    }

    private static double degrees(Object value, int limit) {
        if (Math.abs((Double) value) > limit) {
            throw new KsqlException("GEO_DISTANCE: " + value + " degrees are not in -" + limit + " to " + limit + ".");
        }
        return Math.toRadians((Double) value);
    }

    /** The angle between two points by the haversine formula. */
    private static double angle(double latitude1, double longitude1, double latitude2, double longitude2) {
        double a = Math.pow(Math.sin((latitude2 - latitude1) / 2), 2) + Math.cos(latitude1) * Math.cos(latitude2)
                * Math.pow(Math.sin((longitude2 - longitude1) / 2), 2);
        return 2 * Math.asin(Math.min(1, Math.sqrt(a)));
    }
}
