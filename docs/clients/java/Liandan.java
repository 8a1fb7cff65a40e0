// A client for Liandan in plain JDK 17 or newer, no library, to be copied into a hospital's or
// facility's own software.
//
//   java Liandan.java keygen device.key                    make a key; the private half never leaves this machine
//   java Liandan.java enrol  SERVER CODE device.key        prove possession of the key with a one-time code
//   java Liandan.java send   SERVER device.key < events    one JSON payload a line: sign, send, print each answer
//
// Payloads are sent as they are: bring "v", "id" (UUID of version 7) and "at" yourself; uuid7() and
// now() below show how.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Liandan {
  static final Base64.Encoder URL = Base64.getUrlEncoder().withoutPadding();
  static final HttpClient HTTP = HttpClient.newHttpClient();

  // A key file has two lines: the private key (PKCS #8) and the public key (X.509), base64.
  record Key(PrivateKey priv, EdECPublicKey pub) {
    static Key read(Path file) throws Exception {
      List<String> lines = Files.readAllLines(file);
      KeyFactory f = KeyFactory.getInstance("Ed25519");
      return new Key(f.generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(lines.get(0)))),
          (EdECPublicKey) f.generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(lines.get(1)))));
    }

    static Key make(Path file) throws Exception {
      KeyPair p = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
      Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(file, Base64.getEncoder().encodeToString(p.getPrivate().getEncoded()) + "\n"
          + Base64.getEncoder().encodeToString(p.getPublic().getEncoded()) + "\n", StandardOpenOption.WRITE);
      return new Key(p.getPrivate(), (EdECPublicKey) p.getPublic());
    }

    // The last 32 bytes of the X.509 form are the public key itself (RFC 8410).
    String x() {
      byte[] der = pub.getEncoded();
      byte[] raw = new byte[32];
      System.arraycopy(der, der.length - 32, raw, 0, 32);
      return URL.encodeToString(raw);
    }

    String jwk() {
      return "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" + x() + "\"}"; // members in RFC 7638's order
    }

    String kid() throws Exception {
      return URL.encodeToString(MessageDigest.getInstance("SHA-256").digest(jwk().getBytes(StandardCharsets.UTF_8)));
    }

    // A compact JWS whose protected header holds alg, kid and typ and nothing else.
    String sign(String payload, String typ) throws Exception {
      String header = "{\"alg\":\"EdDSA\",\"kid\":\"" + kid() + "\",\"typ\":\"" + typ + "\"}";
      String input = URL.encodeToString(header.getBytes(StandardCharsets.UTF_8)) + "."
          + URL.encodeToString(payload.getBytes(StandardCharsets.UTF_8));
      Signature s = Signature.getInstance("Ed25519");
      s.initSign(priv);
      s.update(input.getBytes(StandardCharsets.US_ASCII));
      return input + "." + URL.encodeToString(s.sign());
    }
  }

  static UUID uuid7() {
    SecureRandom r = new SecureRandom();
    long ms = System.currentTimeMillis();
    return new UUID(ms << 16 | 0x7000 | r.nextInt(0x1000), r.nextLong() & 0x3fffffffffffffffL | 0x8000000000000000L);
  }

  static String now() {
    return OffsetDateTime.now(ZoneOffset.ofHours(8)).format(DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX"));
  }

  static String post(String url, String type, String body) throws IOException, InterruptedException {
    HttpResponse<String> r = HTTP.send(HttpRequest.newBuilder(URI.create(url)).header("Content-Type", type)
        .POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofString());
    if (r.statusCode() >= 400) {
      throw new IOException(url + ": " + r.statusCode() + " " + r.body());
    }
    return r.body();
  }

  static String member(String json, String name) {
    Matcher m = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
    if (!m.find()) {
      throw new IllegalStateException("no " + name + " in " + json);
    }
    return m.group(1);
  }

  static String enrol(String server, String code, Key key) throws Exception {
    String asked = post(server + "/v1/enrolments/challenge", "application/json",
        "{\"code\":\"" + code + "\",\"jwk\":" + key.jwk() + "}");
    return post(server + "/v1/keys", "application/jose",
        key.sign("{\"challenge\":\"" + member(asked, "challenge") + "\"}", "liandan-enrolment"));
  }

  public static void main(String[] a) throws Exception {
    switch (a.length == 0 ? "" : a[0]) {
      case "keygen" -> System.out.println(Key.make(Path.of(a[1])).jwk());
      case "enrol" -> System.out.println(enrol(a[1], a[2], Key.read(Path.of(a[3]))));
      case "send" -> {
        Key key = Key.read(Path.of(a[2]));
        List<String> lines = new ArrayList<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String l; (l = in.readLine()) != null;) {
          if (!l.isBlank()) {
            lines.add(key.sign(l, "liandan-event"));
          }
        }
        String answers = post(a[1] + "/v1/events", "application/x-ndjson", String.join("\n", lines) + "\n");
        System.out.print(answers);
        if (answers.contains("\"problem\":")) {
          System.exit(1);
        }
      }
      default -> {
        System.err.println("usage: java Liandan.java keygen FILE | enrol SERVER CODE FILE | send SERVER FILE < payloads");
        System.exit(2);
      }
    }
  }
}
