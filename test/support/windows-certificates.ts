import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import { CertificateFolder, type Issued } from "./certificates.ts";
import { makePkcs12 } from "./pkcs12.ts";

const run = promisify(execFile);
/** Keys of older providers cannot make the signatures of TLS 1.3 (RSA-PSS). */
const provider = "Microsoft Software Key Storage Provider";

/** Runs a script of Windows PowerShell with these values in its environment. */
async function powershell(script: string, values: Record<string, string>): Promise<void> {
  await run(
    "powershell.exe",
    ["-NoProfile", "-NonInteractive", "-Command", `$ErrorActionPreference = "Stop"; ${script}`],
    {
      env: { ...process.env, ...values },
    },
  );
}

/** Certificates that a test puts into the real stores of the Windows user it runs as, and takes out again. */
export class WindowsCertificates {
  readonly #files = new CertificateFolder();
  readonly #added: { store: string; thumbprint: string }[] = [];

  async addIdentity(issued: Issued, { exportable }: { exportable: boolean }): Promise<void> {
    const passphrase = "to be imported";
    const file = this.#files.write(
      "identity.pfx",
      await makePkcs12({ ...issued, passphrase, args: ["-CSP", provider] }),
    );
    await powershell(
      "Import-PfxCertificate -FilePath $env:CULVERT_FILE -CertStoreLocation Cert:\\CurrentUser\\My" +
        ` -Password (ConvertTo-SecureString $env:CULVERT_PASSPHRASE -AsPlainText -Force)${exportable ? " -Exportable" : ""}`,
      { CULVERT_FILE: file, CULVERT_PASSPHRASE: passphrase },
    );
    this.#added.push({ store: "My", thumbprint: thumbprintOf(issued.cert) });
  }

  /** Puts the certificate of a CA where Windows looks for intermediate ones. */
  async addAuthority(pem: string): Promise<void> {
    const file = this.#files.write("authority.cer", pem);
    await powershell("Import-Certificate -FilePath $env:CULVERT_FILE -CertStoreLocation Cert:\\CurrentUser\\CA", {
      CULVERT_FILE: file,
    });
    this.#added.push({ store: "CA", thumbprint: thumbprintOf(pem) });
  }

  async remove(): Promise<void> {
    this.#files.remove();
    for (const { store, thumbprint } of this.#added.splice(0)) {
      const key = store === "My" ? " -DeleteKey" : "";
      await powershell(`Remove-Item -Path "Cert:\\CurrentUser\\${store}\\$env:CULVERT_THUMBPRINT"${key}`, {
        CULVERT_THUMBPRINT: thumbprint,
      });
    }
  }
}

const thumbprintOf = (pem: string): string => new X509Certificate(pem).fingerprint.replaceAll(":", "");
