package shop;

import java.time.Duration;
import java.time.LocalDate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.ResolvableType;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.util.unit.DataSize;

/** What a program sees of what the config server said: by name, and bound to types. */
class Resolved {
    private static final Pattern ITEM = Pattern.compile("\\[\\d+]");
    private static final Bindable<Map<String, Object>> MAP = Bindable.mapOf(String.class, Object.class);
    private static final Map<String, Bindable<?>> TYPES = Map.ofEntries(
            Map.entry("string", Bindable.of(String.class)),
            Map.entry("int", Bindable.of(Integer.class)),
            Map.entry("long", Bindable.of(Long.class)),
            Map.entry("double", Bindable.of(Double.class)),
            Map.entry("boolean", Bindable.of(Boolean.class)),
            Map.entry("duration", Bindable.of(Duration.class)),
            Map.entry("date", Bindable.of(LocalDate.class)),
            Map.entry("size", Bindable.of(DataSize.class)),
            Map.entry("strings", Bindable.listOf(String.class)),
            Map.entry("set", Bindable.setOf(String.class)),
            Map.entry("texts", Bindable.mapOf(String.class, String.class)),
            Map.entry("map", MAP),
            Map.entry("maps", Bindable.of(ResolvableType.forClassWithGenerics(List.class, MAP.getType()))));

    private final ConfigurableEnvironment environment;
    private final Binder binder;

    Resolved(ConfigurableEnvironment environment) {
        this.environment = environment;
        this.binder = Binder.get(environment);
    }

    Map<String, Object> told(Map<String, String> bind) {
        var names = names();
        var properties = new TreeMap<String, Object>();
        names.forEach(name -> properties.put(name, attempt(() -> environment.getProperty(name))));
        var bound = new TreeMap<String, Object>();
        lists(names).forEach((name, type) -> bound.put(name + " as " + type, bound(name, type)));
        bind.forEach((name, type) -> bound.put(name + " as " + type, bound(name, type)));
        return Map.of("properties", properties, "bound", bound);
    }

    private Set<String> names() {
        var names = new LinkedHashSet<String>();
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (source.getName().startsWith("configserver:") && source instanceof EnumerablePropertySource<?> told) {
                names.addAll(List.of(told.getPropertyNames()));
            }
        }
        names.remove("config.client.version"); // a server's own version, not a document's value
        return names;
    }

    /** Each list the names speak of, with the type its items call for. */
    private static Map<String, String> lists(Set<String> names) {
        var lists = new TreeMap<String, String>();
        for (var name : names) {
            for (var item = ITEM.matcher(name); item.find(); ) {
                var type = item.end() < name.length() && name.charAt(item.end()) == '.' ? "maps" : "strings";
                lists.put(name.substring(0, item.start()), type);
            }
        }
        return lists;
    }

    private Object bound(String name, String type) {
        return attempt(() -> {
            var result = binder.bind(name, TYPES.get(type));
            return result.isBound() ? plain(result.get()) : "(nothing)";
        });
    }

    private static Object plain(Object value) {
        return value instanceof Duration || value instanceof LocalDate || value instanceof DataSize
                ? value.toString()
                : value;
    }

    private static Object attempt(Supplier<Object> value) {
        try {
            return value.get();
        } catch (RuntimeException error) {
            return Map.of("error", error.getClass().getSimpleName());
        }
    }
}
