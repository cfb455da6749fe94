package shop;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.oauth2.client.registration.ClientRegistrations;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationToken;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A resource server that knows its issuer by address alone; says its port and what a client discovers, and ends with
 * its input.
 */
@EnableAutoConfiguration
public class ResourceServer {
    @RestController
    static class Caller {
        @GetMapping("/caller")
        Map<String, Object> caller(JwtAuthenticationToken token) {
            var authorities =
                    token.getAuthorities().stream().map(GrantedAuthority::getAuthority).toList();
            return Map.of("subject", token.getName(), "authorities", authorities);
        }
    }

    public static void main(String[] arguments) throws IOException {
        var issuer = arguments[0];
        var jwt = "--spring.security.oauth2.resourceserver.jwt.";
        var context = new SpringApplicationBuilder(ResourceServer.class, Caller.class)
                .logStartupInfo(false)
                .run(
                        "--server.port=0",
                        "--server.address=127.0.0.1",
                        "--spring.main.banner-mode=off",
                        "--logging.threshold.console=off",
                        jwt + "issuer-uri=" + issuer,
                        jwt + "audiences=mercato",
                        jwt + "authorities-claim-name=roles",
                        jwt + "authority-prefix=ROLE_");
        var told = new HashMap<String, Object>();
        told.put("port", ((ServletWebServerApplicationContext) context).getWebServer().getPort());
        told.put("client", discovered(issuer));
        System.out.println(new ObjectMapper().writeValueAsString(told));
        while (System.in.read() >= 0) {
            // whoever started this has more to ask
        }
        context.close();
    }

    /** What a client learns from the same address. */
    private static List<String> discovered(String issuer) {
        try {
            var found = ClientRegistrations.fromIssuerLocation(issuer)
                    .clientId("shop")
                    .authorizationGrantType(new AuthorizationGrantType("password"))
                    .build()
                    .getProviderDetails();
            return List.of(found.getIssuerUri(), found.getTokenUri(), found.getJwkSetUri());
        } catch (RuntimeException error) {
            return List.of(error.toString());
        }
    }
}
