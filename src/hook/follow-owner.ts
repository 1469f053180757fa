import { lchown, stat } from 'node:fs/promises';

/** Made by root, a file must still be readable and writable to the account that serves pushes: it is given to whoever owns the repository. */
export async function followOwner(path: string, gitDir: string): Promise<void> {
  const { uid, gid } = await stat(gitDir);
  if (process.geteuid?.() === 0 && uid !== 0) await lchown(path, uid, gid);
}
