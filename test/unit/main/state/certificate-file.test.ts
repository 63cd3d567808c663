import { createPrivateKey } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { checkClientCertificate } from "../../../../src/engine/index.ts";
import { readCertificateFiles } from "../../../../src/main/state/certificate-file.ts";
import { Authority, CertificateFolder, derOf } from "../../../support/certificates.ts";

const folder = new CertificateFolder();
afterAll(() => folder.remove());

test("files in DER are read again where they were chosen, as PEM is; what is neither is refused", async () => {
  const { cert, key } = await (await Authority.root("CN=Corp CA")).issue({ subject: "CN=ada" });
  const der = createPrivateKey(key).export({ type: "sec1", format: "der" });
  const files = { certificate: folder.write("ada.der", derOf(cert)), key: folder.write("ada.key", der) };
  expect(checkClientCertificate(await readCertificateFiles(files)).leaf.subject).toBe("CN=ada");
  folder.write("ada.key", derOf(cert).subarray(0, 200));
  await expect(readCertificateFiles(files)).rejects.toMatchObject({
    code: "file-unreadable",
    message: "ada.key is no longer in PEM form.",
  });
});
