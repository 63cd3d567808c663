/** A name as Node gives it, one attribute a line and the country first, as people write it: "CN=ada, O=Halden". */
export function fullNameOf(name: string | undefined): string {
  return (name ?? "")
    .split("\n")
    .filter((part) => part !== "")
    .reverse()
    .join(", ");
}

/** What people know it by: its common name, else its organisation, else all of it. */
export function nameOf(name: string | undefined): string {
  const parts = (name ?? "").split("\n");
  const value = (attribute: string): string | undefined =>
    parts.find((part) => part.startsWith(`${attribute}=`))?.slice(attribute.length + 1);
  return value("CN") ?? value("O") ?? fullNameOf(name);
}
