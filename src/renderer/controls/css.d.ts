/** Style sheets are imported for their effect; the bundler turns them into files that the page links to. */
declare module "*.css";
