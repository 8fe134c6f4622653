/* Core files: what a program holds in memory (keys, the mesh secret, passwords that are being checked) is not to lie about on a disk. */
#ifndef PARKMESH_BASE_CORE_H
#define PARKMESH_BASE_CORE_H

/* None is written if this program crashes, nor if one does that it starts. Whoever looks for a fault may lift that for a process that
 * runs: prlimit --core=unlimited --pid PID. First of all in main(). */
void core_forbid(void);

#endif
