/* The few OpenSSL calls that Sluice makes, and nothing else. The SHA-256 block functions are
   used in their plain form because a keyed hash copies a prepared state for every value. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
