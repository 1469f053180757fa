import { userInfo } from 'node:os';

/** Who runs this, as far as the machine knows. */
export function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown'; // a container may run as a user id without a name
  }
}
